# Whether the libraries get CUDA kernels: ROIOPS_CUDA_ARCHITECTURES is what for, and empty without them.

set(ROIOPS_CUDA AUTO CACHE STRING "CUDA kernels: AUTO (where a CUDA compiler is found), ON or OFF")
set_property(CACHE ROIOPS_CUDA PROPERTY STRINGS AUTO ON OFF)
set(ROIOPS_CUDA_ARCHITECTURES "")

if(ROIOPS_CUDA STREQUAL "OFF" OR (ROIOPS_CUDA STREQUAL "AUTO" AND CMAKE_CROSSCOMPILING))
  return()
endif()

# CMake refuses to look for the compiler without any architecture; the list follows once the compiler is known.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES OFF)
endif()
if(ROIOPS_CUDA STREQUAL "AUTO")
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    message(STATUS "roiops: no CUDA compiler, so no CUDA kernels")
    return()
  endif()
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)

if(NOT CMAKE_CUDA_ARCHITECTURES)
  execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-arch OUTPUT_VARIABLE known)
  foreach(architecture 75 80 86 89 90 100 120)
    if(known MATCHES "compute_${architecture}[\r\n]")
      list(APPEND CMAKE_CUDA_ARCHITECTURES ${architecture}-real)
      set(newest ${architecture})
    endif()
  endforeach()
  # Later devices compile the newest one's intermediate code.
  list(REMOVE_ITEM CMAKE_CUDA_ARCHITECTURES OFF)
  list(APPEND CMAKE_CUDA_ARCHITECTURES ${newest}-virtual)
endif()
set(ROIOPS_CUDA_ARCHITECTURES ${CMAKE_CUDA_ARCHITECTURES})
message(STATUS "roiops: CUDA kernels for ${ROIOPS_CUDA_ARCHITECTURES}")
