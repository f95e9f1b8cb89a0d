// The CUDA kernels on a device, without ONNX Runtime, against the direct loops; what compute-sanitizer runs.
// The argument is the number of random cases.

#include "device.h"

#include <random>

#include "host_block.h"
#include "pool_case.h"

namespace {

using roiops_test::DeviceBuffer;

std::vector<uint8_t> RandomBytes(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(512);
  for (uint8_t& byte : bytes) byte = uint8_t(random());
  return bytes;
}

// The request with its inputs copied to the device, pooled there, and the output copied back.
template <class Stored, class BoxType>
void PoolOnDevice(const roiops::PoolRequest<Stored, BoxType>& request,
                  const roiops::RoiAlignOptions& options) {
  roiops::PoolRequest<Stored, BoxType> there = request;
  const int64_t channels = request.maps[0].channels;
  if (request.count == 0 || channels == 0) return;
  std::vector<DeviceBuffer> buffers;
  const auto copied = [&](const auto* host, int64_t count) {
    buffers.emplace_back(host, size_t(count) * sizeof(*host));
    return static_cast<decltype(host)>(buffers.back().data());
  };
  for (roiops::FeatureMap& map : there.maps) {
    map.data = copied(static_cast<const Stored*>(map.data), map.images * channels * map.height * map.width);
  }
  there.boxes = copied(request.boxes, 4 * request.count);
  there.images = copied(request.images, request.count);
  there.levels = copied(request.levels, request.count);
  const int64_t outputs = request.count * channels * options.output.height * options.output.width;
  DeviceBuffer output(size_t(outputs) * sizeof(Stored));
  output.Fill(0xFF);
  there.output = static_cast<Stored*>(output.data());
  roiops::CudaRequest<roiops::SamplingRule> on_device = roiops_test::ToCudaRequest(there, options);
  roiops::ChooseTiles(on_device);
  if (const char* problem = roiops::LaunchCudaPooling<roiops::SamplingRule, Stored>(on_device, nullptr)) {
    std::fprintf(stderr, "launch: %s\n", problem);
    std::exit(2);
  }
  roiops_test::CheckCuda(cudaDeviceSynchronize(), "kernel");
  output.CopyTo(request.output);
}

}  // namespace

int main(int argc, char** argv) {
  const int cases = argc > 1 ? std::atoi(argv[1]) : 1000;
  int failures = 0;
  for (int i = 0; i < cases; ++i) {
    const std::vector<uint8_t> bytes = RandomBytes(uint32_t(i));
    const std::string problem = roiops_test::CheckPoolCaseOf(
        roiops_test::ByteSource(bytes.data(), bytes.size()),
        [](const auto& request, const auto& options) { PoolOnDevice(request, options); });
    if (problem.empty()) continue;
    std::fprintf(stderr, "FAILED: case %d: %s\n", i, problem.c_str());
    ++failures;
  }
  std::printf("%d cases, %d failures\n", cases, failures);
  return failures != 0;
}
