#include "pooling/providers.h"
#include "roi/pooling_op.h"
#include "roi_pool/ops.h"
#include "roi_pool/rule.h"

namespace roiops {
namespace {

struct RoiPoolOp {
  static constexpr const char* kName = "RoiPool";
  using Rule = RoiPoolRule;
  using Options = PoolOptions<RoiPoolRule>;

  static Options ReadOptions(const ort::KernelInfo& info) {
    return {
        {ort::ReadExtent(info, "output_height"), ort::ReadExtent(info, "output_width")}, {}, Pooling::kMax};
  }
};

}  // namespace

void AddRoiPool(ort::OperatorList& list) {
  ort::AddOperator<PoolingOp<RoiPoolOp>::OneMap>(list, PoolingProviders(), PooledTypes());
}

}  // namespace roiops
