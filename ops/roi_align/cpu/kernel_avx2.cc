#define ROIOPS_KERNEL_SET kAvx2Kernels
#define ROIOPS_KERNEL_SET_NAME "avx2"
#include "roi_align/cpu/kernel.inc"
