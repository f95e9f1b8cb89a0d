# What a library that ONNX Runtime loads needs at link time on each system.

function(roiops_link_plugin name)
  # Debug information and symbols are several times the code.
  target_link_options(${name} PRIVATE $<$<CONFIG:Release>:-s>)
  if(WIN32)
    set_target_properties(${name} PROPERTIES PREFIX "")
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/exports.def)
  elseif(NOT APPLE)  # where what is not marked for export stays hidden without help
    # Only the entry points are visible: the C++ runtime's weak symbols must not meet those of other libraries in the
    # process.
    target_link_options(${name} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
    set_target_properties(${name} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    # ONNX Runtime unloads a library with its last session, but what zig links leaves the destructors of statics
    # registered for the process's exit, where they would be called in memory that is gone.
    target_link_options(${name} PRIVATE -Wl,-z,nodelete)
  endif()
endfunction()
