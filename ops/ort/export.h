// Marks the few functions that are visible outside the library.

#ifndef ROIOPS_ORT_EXPORT_H_
#define ROIOPS_ORT_EXPORT_H_

#define ROIOPS_EXPORT extern "C" __attribute__((visibility("default")))

#endif  // ROIOPS_ORT_EXPORT_H_
