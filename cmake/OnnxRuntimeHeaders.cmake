# Defines the interface target `onnxruntime_headers`: ONNX Runtime's C and C++ API headers, 1.17 or newer, nothing to link.
#
# Looked for in this order: ONNXRUNTIME_INCLUDE_DIR, an installed onnxruntime CMake package, and the official 1.17.0
# headers inside the PyPI wheel pinned in onnxruntime-headers.txt, which pip downloads into the build folder.

set(ONNXRUNTIME_INCLUDE_DIR "" CACHE PATH "Folder with onnxruntime_c_api.h, from ONNX Runtime 1.17 or newer")
set(_minimum_api 17)

# Sets `out` to the folder at or below one of the given folders that holds a new enough header, or to "".
function(_find_headers out)
  find_path(_dir onnxruntime_c_api.h PATHS ${ARGN} NO_DEFAULT_PATH NO_CACHE
            PATH_SUFFIXES include include/onnxruntime onnxruntime onnxruntime/core/session)
  set(${out} "" PARENT_SCOPE)
  if(_dir)
    file(STRINGS "${_dir}/onnxruntime_c_api.h" _line REGEX "^#define ORT_API_VERSION [0-9]+")
    string(REGEX MATCH "[0-9]+" _api "${_line}")
    if(_api GREATER_EQUAL _minimum_api)
      message(STATUS "ONNX Runtime headers: ${_dir} (API ${_api})")
      set(${out} "${_dir}" PARENT_SCOPE)
    else()
      message(STATUS "ONNX Runtime headers: ${_dir} passed over, API ${_api} is older than ${_minimum_api}")
    endif()
  endif()
endfunction()

function(_download_headers out)
  set(_folder "${CMAKE_BINARY_DIR}/onnxruntime-headers")
  set(_requirements "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/onnxruntime-headers.txt")
  file(GLOB _wheels "${_folder}/*.whl")
  if(NOT _wheels)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    # The headers are plain text: what Python the wheel's own code wants does not matter.
    execute_process(
      COMMAND "${Python3_EXECUTABLE}" -m pip download --quiet --no-deps --only-binary=:all: --ignore-requires-python
              --require-hashes --dest "${_folder}" --requirement "${_requirements}"
      RESULT_VARIABLE _result ERROR_VARIABLE _error)
    file(GLOB _wheels "${_folder}/*.whl")
    if(NOT _result EQUAL 0 OR NOT _wheels)
      message(FATAL_ERROR
        "ONNX Runtime's C API headers were not found, and pip could not download the wheel pinned in ${_requirements}:\n"
        "${_error}\n"
        "Set ONNXRUNTIME_INCLUDE_DIR to the folder that holds onnxruntime_c_api.h (ONNX Runtime 1.17 or newer), e.g.\n"
        "  pip install . -C cmake.define.ONNXRUNTIME_INCLUDE_DIR=/path/to/onnxruntime/include\n"
        "  cmake -B build -DONNXRUNTIME_INCLUDE_DIR=/path/to/onnxruntime/include")
    endif()
    file(ARCHIVE_EXTRACT INPUT "${_wheels}" DESTINATION "${_folder}" PATTERNS "*/onnxruntime-1.17.0/*/session/*.h")
  endif()
  file(GLOB_RECURSE _header "${_folder}/*/onnxruntime_c_api.h")
  get_filename_component(_dir "${_header}" DIRECTORY)
  _find_headers(_found "${_dir}")
  set(${out} "${_found}" PARENT_SCOPE)
endfunction()

if(ONNXRUNTIME_INCLUDE_DIR)
  _find_headers(_include_dir "${ONNXRUNTIME_INCLUDE_DIR}")
  if(NOT _include_dir)
    message(FATAL_ERROR "ONNXRUNTIME_INCLUDE_DIR is \"${ONNXRUNTIME_INCLUDE_DIR}\", which does not hold "
                        "onnxruntime_c_api.h of ONNX Runtime 1.17 or newer")
  endif()
else()
  find_package(onnxruntime CONFIG QUIET)
  if(TARGET onnxruntime::onnxruntime)
    get_target_property(_package_dirs onnxruntime::onnxruntime INTERFACE_INCLUDE_DIRECTORIES)
    _find_headers(_include_dir ${_package_dirs})
  endif()
  if(NOT _include_dir)
    _download_headers(_include_dir)
  endif()
endif()

add_library(onnxruntime_headers INTERFACE)
target_include_directories(onnxruntime_headers SYSTEM INTERFACE "${_include_dir}")
