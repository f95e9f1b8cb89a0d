// A program with the operators linked in. Usage: roiops_static_test ONNXRUNTIME MODEL
//
// Registers them in both of the ways that roiops.h names, each for a session of the model.

#include <roiops.h>

#include <cstdio>
#include <stdexcept>

#include "registered.h"

namespace {

void Check(const OrtApi& api, OrtStatus* status) {
  if (status) throw std::runtime_error(api.GetErrorMessage(status));
}

void CreateSession(const OrtApi& api, OrtEnv* env, const char* model, OrtSessionOptions* options) {
  OrtSession* session = nullptr;
  Check(api, api.CreateSession(env, std::filesystem::path(model).c_str(), options, &session));
  api.ReleaseSession(session);
  api.ReleaseSessionOptions(options);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  try {
    using GetBase = const OrtApiBase*(ORT_API_CALL*)();
    const auto get_base = reinterpret_cast<GetBase>(
        roiops::platforms::LoadFunction(std::filesystem::absolute(arguments[1]), "OrtGetApiBase"));
    const OrtApi& api = *get_base()->GetApi(17);
    OrtEnv* env = nullptr;
    Check(api, api.CreateEnv(ORT_LOGGING_LEVEL_ERROR, "roiops", &env));
    OrtSessionOptions* options = nullptr;
    Check(api, api.CreateSessionOptions(&options));
    Check(api, RegisterCustomOps(options, get_base()));
    CreateSession(api, env, arguments[2], options);
    Check(api, api.CreateSessionOptions(&options));
    Check(api, api.RegisterCustomOpsUsingFunction(options, "RegisterCustomOps"));
    CreateSession(api, env, arguments[2], options);
    std::puts("registered by the function and by its name");
  } catch (const std::exception& error) {
    std::printf("FAILED %s\n", error.what());
    return 1;
  }
}
