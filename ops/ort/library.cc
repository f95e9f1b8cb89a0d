#include "ort/library.h"

#include <string>

#include "base/isa.h"
#include "ort/export.h"

namespace roiops::ort {
namespace {

// Sessions refer to the domain for as long as they live, so it is made once and kept.
OrtCustomOpDomain* Domain() {
  static const OperatorList operators = [] {
    OperatorList list;
    for (const auto add : kLibrary.operators) add(list);
    return list;
  }();
  static OrtCustomOpDomain* const domain = [] {
    OrtCustomOpDomain* made = nullptr;
    Check(Api().CreateCustomOpDomain(kLibrary.domain, &made));
    for (const CustomOp& op : operators) Check(Api().CustomOpDomain_Add(made, &op));
    return made;
  }();
  return domain;
}

}  // namespace
}  // namespace roiops::ort

ROIOPS_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options,
                                                        const OrtApiBase* api_base) {
  using namespace roiops;
  const OrtApi* api = api_base->GetApi(ort::kApiVersion);
  if (!api) {
    const std::string message =
        std::string("roiops needs ONNX Runtime 1.17 or newer; this is ") + api_base->GetVersionString();
    return api_base->GetApi(1)->CreateStatus(ORT_NOT_IMPLEMENTED, message.c_str());
  }
  ort::SetApi(api);
  return ort::Guarded(ORT_FAIL, [&] {
    ActiveIsa();  // throws for a wrong ROIOPS_ISA, before any model runs
    ort::Check(api->AddCustomOpDomain(options, ort::Domain()));
  });
}
