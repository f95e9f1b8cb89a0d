# Installs nvcc and what it needs from PyPI into the build folder, and makes it the CUDA compiler.

set(_toolkit "${CMAKE_BINARY_DIR}/cuda-toolkit")
set(CMAKE_CUDA_COMPILER "${_toolkit}/nvidia/cu13/bin/nvcc")
if(NOT EXISTS "${CMAKE_CUDA_COMPILER}")
  set(_requirements "${CMAKE_CURRENT_LIST_DIR}/cuda-toolkit.txt")
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND "${Python3_EXECUTABLE}" -m pip install --quiet --no-deps --only-binary=:all: --target "${_toolkit}"
            --requirement "${_requirements}"
    RESULT_VARIABLE _result ERROR_VARIABLE _error)
  if(NOT _result EQUAL 0)
    message(FATAL_ERROR "pip could not install the CUDA compiler, ${_requirements}:\n${_error}")
  endif()
  # Where nvcc and CMake look for libraries; the latter wants a shared runtime even to link the static one.
  file(CREATE_LINK lib "${_toolkit}/nvidia/cu13/lib64" SYMBOLIC)
  file(CREATE_LINK libcudart.so.13 "${_toolkit}/nvidia/cu13/lib/libcudart.so" SYMBOLIC)
endif()
