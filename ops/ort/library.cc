#include "ort/library.h"

#include <string>
#include <vector>

#include "base/isa.h"
#include "ort/export.h"

namespace roiops::ort {
namespace {

// Sessions refer to the domains for as long as they live, so they are made once and kept.
const std::vector<OrtCustomOpDomain*>& Domains() {
  static const std::vector<OperatorList> operators = [] {
    std::vector<OperatorList> lists;
    for (const Domain& domain : kLibrary) {
      OperatorList& list = lists.emplace_back();
      for (const auto add : domain.operators) add(list);
    }
    return lists;
  }();
  static const std::vector<OrtCustomOpDomain*> domains = [] {
    std::vector<OrtCustomOpDomain*> made(kLibrary.size());
    for (size_t i = 0; i < made.size(); ++i) {
      Check(Api().CreateCustomOpDomain(kLibrary[i].name, &made[i]));
      for (const CustomOp& op : operators[i]) Check(Api().CustomOpDomain_Add(made[i], &op));
    }
    return made;
  }();
  return domains;
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
    for (OrtCustomOpDomain* domain : ort::Domains()) ort::Check(api->AddCustomOpDomain(options, domain));
  });
}
