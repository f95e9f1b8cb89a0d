// Runs the operators through ONNX Runtime's C API as a program of this system would.
//
// Usage: roiops_session_test ONNXRUNTIME LIBRARIES CASES SCRATCH
//   ONNXRUNTIME  the shared library of ONNX Runtime
//   LIBRARIES    the folder of our libraries
//   CASES        the folder that python -m platforms.cases has written
//   SCRATCH      an empty folder; SCRATCH/results gets a file of each case's results, to compare systems by
//
// Every case is run alone and then by several threads at a time, whose results must be the same bytes.
// Libraries and models lie in a folder whose name has spaces and letters of several scripts.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

#include "cases.h"
#include "registered.h"

namespace fs = std::filesystem;

namespace roiops::platforms {
namespace {

constexpr int kThreads = 4;
constexpr int kRunsOfAThread = 3;

class Runtime {
 public:
  explicit Runtime(const fs::path& library) {
    const auto get_base =
        reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(LoadFunction(library, "OrtGetApiBase"));
    version = get_base()->GetVersionString();
    api = get_base()->GetApi(17);
    if (!api) throw std::runtime_error("no API of version 17");
    Check(api->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "roiops", &env));
    Check(api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &memory));
  }

  void Check(OrtStatus* status) const {
    if (!status) return;
    const std::string message = api->GetErrorMessage(status);
    api->ReleaseStatus(status);
    throw std::runtime_error(message);
  }

  std::string version;
  const OrtApi* api;
  OrtEnv* env;
  OrtMemoryInfo* memory;
};

struct Result {
  ONNXTensorElementDataType type;
  std::vector<int64_t> shape;
  std::vector<char> bytes;

  bool operator==(const Result& other) const {
    return type == other.type && shape == other.shape && bytes == other.bytes;
  }
};

class Session {
 public:
  Session(const Runtime& runtime, const fs::path& library, const fs::path& model) : runtime_(runtime) {
    const OrtApi& api = *runtime.api;
    OrtSessionOptions* options = nullptr;
    runtime.Check(api.CreateSessionOptions(&options));
    const std::unique_ptr<OrtSessionOptions, void (*)(OrtSessionOptions*)> owned(options,
                                                                                 api.ReleaseSessionOptions);
    runtime.Check(api.SetIntraOpNumThreads(options, 2));
    runtime.Check(api.AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"));
    runtime.Check(api.RegisterCustomOpsLibrary_V2(options, library.c_str()));
    runtime.Check(api.CreateSession(runtime.env, model.c_str(), options, &session_));
  }
  ~Session() { runtime_.api->ReleaseSession(session_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::vector<Result> Run(const Case& tested) const {
    const OrtApi& api = *runtime_.api;
    using Value = std::unique_ptr<OrtValue, void (*)(OrtValue*)>;
    std::vector<Value> owned;
    std::vector<const OrtValue*> inputs;
    std::vector<const char*> names, output_names;
    for (const Input& input : tested.inputs) {
      OrtValue* value = nullptr;
      runtime_.Check(api.CreateTensorWithDataAsOrtValue(runtime_.memory, const_cast<char*>(input.data.data()),
                                                        input.data.size(), input.shape.data(),
                                                        input.shape.size(), input.type, &value));
      owned.emplace_back(value, api.ReleaseValue);
      inputs.push_back(value);
      names.push_back(input.name.c_str());
    }
    for (const Output& output : tested.outputs) output_names.push_back(output.name.c_str());
    std::vector<OrtValue*> values(output_names.size());
    runtime_.Check(api.Run(session_, nullptr, names.data(), inputs.data(), inputs.size(), output_names.data(),
                           output_names.size(), values.data()));
    for (OrtValue* value : values) owned.emplace_back(value, api.ReleaseValue);
    std::vector<Result> results;
    for (OrtValue* value : values) results.push_back(Read(value));
    return results;
  }

 private:
  Result Read(OrtValue* value) const {
    const OrtApi& api = *runtime_.api;
    OrtTensorTypeAndShapeInfo* info = nullptr;
    runtime_.Check(api.GetTensorTypeAndShape(value, &info));
    const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> owned(
        info, api.ReleaseTensorTypeAndShapeInfo);
    Result result;
    size_t rank = 0, count = 0;
    runtime_.Check(api.GetTensorElementType(info, &result.type));
    runtime_.Check(api.GetDimensionsCount(info, &rank));
    result.shape.resize(rank);
    runtime_.Check(api.GetDimensions(info, result.shape.data(), rank));
    runtime_.Check(api.GetTensorShapeElementCount(info, &count));
    void* data = nullptr;
    runtime_.Check(api.GetTensorMutableData(value, &data));
    const char* bytes = static_cast<const char*>(data);
    result.bytes.assign(bytes, bytes + count * ElementSize(result.type));
    return result;
  }

  const Runtime& runtime_;
  OrtSession* session_ = nullptr;
};

void Compare(const Result& found, const Output& expected) {
  if (found.shape != expected.shape)
    throw std::runtime_error("output " + expected.name + " has another shape");
  const std::vector<double> values = ToDoubles(found.bytes.data(), found.type, expected.values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (!(std::abs(values[i] - expected.values[i]) <= expected.tolerance)) {
      throw std::runtime_error("output " + expected.name + "[" + std::to_string(i) + "] is " +
                               std::to_string(values[i]) + ", expected " +
                               std::to_string(expected.values[i]));
    }
  }
}

void RunOnThreads(const Session& session, const Case& tested, const std::vector<Result>& expected) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRunsOfAThread; ++i) {
        try {
          if (!(session.Run(tested) == expected)) ++failures;
        } catch (const std::exception&) {
          ++failures;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failures) throw std::runtime_error(std::to_string(failures) + " runs on threads differ from the first");
}

void Test(const Runtime& runtime, const fs::path& library, const fs::path& model, const Case& tested,
          const fs::path& record) {
  std::vector<Result> results;
  std::string error;
  std::unique_ptr<Session> session;
  try {
    session = std::make_unique<Session>(runtime, library, model);
    results = session->Run(tested);
  } catch (const std::exception& caught) {
    error = caught.what();
    if (tested.error.empty()) throw;
  }
  if (!tested.error.empty()) {
    if (error.find(tested.error) != std::string::npos) return;
    throw std::runtime_error(error.empty() ? "no error" : "the error is: " + error);
  }
  std::ofstream file(record, std::ios::binary);
  for (size_t i = 0; i < results.size(); ++i) {
    Compare(results[i], tested.outputs[i]);
    file.write(results[i].bytes.data(), std::streamsize(results[i].bytes.size()));
  }
  RunOnThreads(*session, tested, results);
}

int Main(const fs::path& onnxruntime, const fs::path& libraries, const fs::path& folder,
         const fs::path& scratch) {
  const Runtime runtime(onnxruntime);
  const std::vector<Case> cases = ReadCases(folder);
  const fs::path records = scratch / "results";
  fs::create_directories(records);
  const fs::path unusual = scratch / fs::u8path(u8"Erkennung für 検出 и ещё");
  fs::create_directories(unusual);

  std::map<std::string, fs::path> copies;
  int failures = 0;
  size_t operators = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(libraries)) {
    const fs::path extension = entry.path().extension();
    if (extension != ".so" && extension != ".dll" && extension != ".dylib") continue;
    const fs::path copy = unusual / entry.path().filename();
    fs::copy_file(entry.path(), copy, fs::copy_options::overwrite_existing);
    std::string name = copy.stem().string();
    if (name.rfind("lib", 0) == 0) name = name.substr(3);
    copies[name] = copy;
    for (const Registered& registered : ListRegistered(copy, *runtime.api)) {
      ++operators;
      const bool tested = std::any_of(cases.begin(), cases.end(), [&](const Case& candidate) {
        return candidate.library == name && candidate.error.empty() && registered.Runs(candidate);
      });
      if (tested) continue;
      ++failures;
      std::printf("FAILED no case of %s runs %s\n", name.c_str(), registered.Describe().c_str());
    }
  }

  const fs::path model = unusual / fs::u8path(u8"modèle.onnx");
  size_t errors = 0;
  for (const Case& tested : cases) {
    errors += !tested.error.empty();
    try {
      fs::copy_file(tested.model, model, fs::copy_options::overwrite_existing);
      Test(runtime, copies.at(tested.library), model, tested, records / tested.name);
    } catch (const std::exception& error) {
      ++failures;
      std::printf("FAILED %s: %s\n", tested.name.c_str(), error.what());
    }
  }
  std::printf(
      "onnxruntime %s: %zu operators registered; %zu cases, %zu of them errors, each result %d times on %d "
      "threads; %d failed\n",
      runtime.version.c_str(), operators, cases.size(), errors, kRunsOfAThread, kThreads, failures);
  return failures || cases.empty() || operators == 0;
}

}  // namespace
}  // namespace roiops::platforms

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: %s ONNXRUNTIME LIBRARIES CASES SCRATCH\n", arguments[0]);
    return 2;
  }
  try {
    return roiops::platforms::Main(fs::absolute(arguments[1]), arguments[2], arguments[3],
                                   fs::absolute(arguments[4]));
  } catch (const std::exception& error) {
    std::printf("FAILED %s\n", error.what());
    return 1;
  }
}
