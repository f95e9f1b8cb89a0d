#define ROIOPS_KERNEL_SET kBaselineKernels
#define ROIOPS_KERNEL_SET_NAME "baseline"
#include "roi_align/cpu/kernel.inc"
