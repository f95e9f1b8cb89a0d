#include "registered.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace roiops::platforms {
namespace {

// What the library sees as ONNX Runtime's API while ListRegistered runs.
OrtApi g_api;
OrtStatus*(ORT_API_CALL* g_add)(OrtCustomOpDomain*, const OrtCustomOp*) = nullptr;
std::vector<Registered> g_registered;

OrtStatus* ORT_API_CALL Add(OrtCustomOpDomain* domain, const OrtCustomOp* op) noexcept {
  const char* provider = op->GetExecutionProviderType(op);
  if (!provider || std::strcmp(provider, "CPUExecutionProvider") == 0) {
    Registered registered{op->GetName(op), {}};
    for (size_t i = 0; i < op->GetInputTypeCount(op); ++i) {
      registered.inputs.push_back(op->GetInputType(op, i));
    }
    g_registered.push_back(registered);
  }
  return g_add(domain, op);
}

const OrtApi* ORT_API_CALL GetApi(uint32_t) noexcept { return &g_api; }
const char* ORT_API_CALL GetVersion() noexcept { return "1.17.0"; }

}  // namespace

void* LoadFunction(const std::filesystem::path& library, const char* function) {
#if defined(_WIN32)
  const HMODULE loaded = LoadLibraryExW(library.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  void* found = loaded ? reinterpret_cast<void*>(GetProcAddress(loaded, function)) : nullptr;
  const std::string reason = "error " + std::to_string(GetLastError());
#else
  void* loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = loaded ? dlsym(loaded, function) : nullptr;
  const std::string reason = found ? "" : dlerror();
#endif
  if (!found)
    throw std::runtime_error("no " + std::string(function) + " in " + library.u8string() + ": " + reason);
  return found;
}

bool Registered::Runs(const Case& tested) const {
  if (name != tested.operator_name || tested.inputs.empty()) return false;
  for (size_t i = 0; i < tested.inputs.size(); ++i) {
    if (inputs[std::min(i, inputs.size() - 1)] != tested.inputs[i].type) return false;
  }
  return true;
}

std::string Registered::Describe() const {
  std::string text = name + " of element types";
  for (const ONNXTensorElementDataType type : inputs) text += " " + std::to_string(int(type));
  return text;
}

std::vector<Registered> ListRegistered(const std::filesystem::path& library, const OrtApi& api) {
  using Register = OrtStatus*(ORT_API_CALL*)(OrtSessionOptions*, const OrtApiBase*);
  const auto register_custom_ops = reinterpret_cast<Register>(LoadFunction(library, "RegisterCustomOps"));
  std::memcpy(&g_api, &api, sizeof(g_api));
  g_add = api.CustomOpDomain_Add;
  g_api.CustomOpDomain_Add = Add;
  g_registered.clear();
  static const OrtApiBase base = {GetApi, GetVersion};
  OrtSessionOptions* options = nullptr;
  if (api.CreateSessionOptions(&options) || register_custom_ops(options, &base)) {
    throw std::runtime_error("RegisterCustomOps fails");
  }
  api.ReleaseSessionOptions(options);
  return g_registered;
}

}  // namespace roiops::platforms
