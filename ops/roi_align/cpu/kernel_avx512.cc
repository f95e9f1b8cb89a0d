#define ROIOPS_KERNEL_SET kAvx512Kernels
#define ROIOPS_KERNEL_SET_NAME "avx512"
#include "roi_align/cpu/kernel.inc"
