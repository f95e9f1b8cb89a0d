// libroiops_mmdeploy: the operators that models exported by mmdeploy and mmcv hold, in the domain of each.

#include "mmdeploy/ops.h"
#include "ort/library.h"

namespace roiops {

const ort::Library ort::kLibrary = {
    {
        "mmdeploy",
        {
            mmdeploy::AddNmsRotated,
            mmdeploy::AddRoiAlignRotated,
            mmdeploy::AddRoiAlign,
            mmdeploy::AddGridSampler,
            mmdeploy::AddNmsMatch,
            mmdeploy::AddDeformConv,
            mmdeploy::AddModulatedDeformConv,
            mmdeploy::AddDeformableAttention,
        },
    },
    {
        "mmcv",
        {
            mmdeploy::AddRoiAlignRotated,
            mmdeploy::AddRoiAlign,
            mmdeploy::AddGridSampler,
            mmdeploy::AddNms,
            mmdeploy::AddSoftNms,
            mmdeploy::AddCummax,
            mmdeploy::AddCummin,
            mmdeploy::AddCornerPool,
            mmdeploy::AddDeformConv,
            mmdeploy::AddModulatedDeformConv,
            mmdeploy::AddRotatedFeatureAlign,
        },
    },
};

}  // namespace roiops
