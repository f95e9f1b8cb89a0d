// For programs that link the static library, roiops_static, instead of loading a shared one: on Android, iOS,
// wasm.
//
//     #include <roiops.h>
//     OrtStatus* status = RegisterCustomOps(session_options, OrtGetApiBase());
//
// Language bindings that take a name have ONNX Runtime look the function up in the program, which must then
// refer to it somewhere and export its symbols (CMake: ENABLE_EXPORTS):
//
//     api->RegisterCustomOpsUsingFunction(session_options, "RegisterCustomOps");

#ifndef ROIOPS_LIBRARIES_ROIOPS_H_
#define ROIOPS_LIBRARIES_ROIOPS_H_

#include <onnxruntime_c_api.h>

#ifdef __cplusplus
extern "C" {
#endif

// Makes the operators known to sessions with these options. Returns null, or a status that the caller
// releases.
OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* api_base);

#ifdef __cplusplus
}
#endif

#endif  // ROIOPS_LIBRARIES_ROIOPS_H_
