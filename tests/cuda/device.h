// Memory of a CUDA device, its errors and its clock.

#ifndef ROIOPS_TESTS_DEVICE_H_
#define ROIOPS_TESTS_DEVICE_H_

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace roiops_test {

inline void CheckCuda(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
  std::exit(2);
}

class DeviceBuffer {
 public:
  explicit DeviceBuffer(size_t bytes) : bytes_(bytes) {
    CheckCuda(cudaMalloc(&data_, bytes ? bytes : 1), "cudaMalloc");
  }
  DeviceBuffer(const void* host, size_t bytes) : DeviceBuffer(bytes) {
    CheckCuda(cudaMemcpy(data_, host, bytes, cudaMemcpyHostToDevice), "copy to the device");
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
  }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  ~DeviceBuffer() { cudaFree(data_); }

  void CopyTo(void* host) const {
    CheckCuda(cudaMemcpy(host, data_, bytes_, cudaMemcpyDeviceToHost), "copy from the device");
  }
  void Fill(int byte) { CheckCuda(cudaMemset(data_, byte, bytes_), "cudaMemset"); }
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  size_t bytes_;
};

// Milliseconds of the device between two points of a stream.
class Stopwatch {
 public:
  Stopwatch() {
    CheckCuda(cudaEventCreate(&start_), "cudaEventCreate");
    CheckCuda(cudaEventCreate(&stop_), "cudaEventCreate");
  }
  ~Stopwatch() {
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  template <class Function>
  float Time(cudaStream_t stream, const Function& function) {
    CheckCuda(cudaEventRecord(start_, stream), "cudaEventRecord");
    function();
    CheckCuda(cudaEventRecord(stop_, stream), "cudaEventRecord");
    CheckCuda(cudaEventSynchronize(stop_), "kernel");
    float milliseconds = 0;
    CheckCuda(cudaEventElapsedTime(&milliseconds, start_, stop_), "cudaEventElapsedTime");
    return milliseconds;
  }

 private:
  cudaEvent_t start_;
  cudaEvent_t stop_;
};

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_DEVICE_H_
