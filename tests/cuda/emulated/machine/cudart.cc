// As much of the CUDA runtime as nvcc's host code needs to launch kernels: launches go to the emulator.

#include <cstddef>
#include <cstring>
#include <map>
#include <string>

// As the CUDA headers have them.
struct dim3 {
  unsigned x, y, z;
};
using cudaError_t = int;
constexpr cudaError_t cudaSuccess = 0, cudaErrorInvalidDeviceFunction = 98;

extern "C" int EmulatorLaunch(const char* name, const dim3* grid, const dim3* threads, size_t shared,
                              void** arguments);

namespace {
std::map<const void*, std::string>& Kernels() {
  static std::map<const void*, std::string> kernels;
  return kernels;
}
struct {
  dim3 grid, block;
  size_t shared;
  void* stream;
} g_call;

cudaError_t Run(const void* function, dim3 grid, dim3 block, void** arguments, size_t shared) {
  const auto found = Kernels().find(function);
  if (found == Kernels().end()) return cudaErrorInvalidDeviceFunction;
  return EmulatorLaunch(found->second.c_str(), &grid, &block, shared, arguments)
             ? cudaErrorInvalidDeviceFunction
             : cudaSuccess;
}
}  // namespace

extern "C" {
void** __cudaRegisterFatBinary(void*) {
  static void* handle;
  return &handle;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
void __cudaRegisterFunction(void**, const char* host, char*, const char* name, int, void*, void*, void*,
                            void*, int*) {
  Kernels()[host] = name;
}
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void* stream) {
  g_call = {grid, block, shared, stream};
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared, void* stream) {
  *grid = g_call.grid;
  *block = g_call.block;
  *shared = g_call.shared;
  *static_cast<void**>(stream) = g_call.stream;
  return cudaSuccess;
}
cudaError_t __cudaGetKernel(const void** kernel, const void* function) {
  *kernel = function;
  return cudaSuccess;
}
cudaError_t __cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void** arguments, size_t shared,
                               void*) {
  return Run(kernel, grid, block, arguments, shared);
}
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments, size_t shared,
                             void*) {
  return Run(function, grid, block, arguments, shared);
}
// Everything has run when its launch returns.
cudaError_t cudaStreamSynchronize(void*) { return cudaSuccess; }
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, int, void*) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, void*) {
  std::memset(to, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t) { return "error"; }
cudaError_t cudaFuncGetAttributes(void*, const void* function) {
  return Kernels().count(function) ? cudaSuccess : cudaErrorInvalidDeviceFunction;
}
}
