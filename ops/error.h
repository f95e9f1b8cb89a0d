// The one exception of this library. It never leaves it: ops/ort turns it into an OrtStatus.

#ifndef ROIOPS_ERROR_H_
#define ROIOPS_ERROR_H_

#include <sstream>
#include <string>

namespace roiops {

struct Error {
  std::string message;
};

// Throws an Error whose message is the arguments, one after the other.
template <class... Parts>
[[noreturn]] void Fail(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw Error{text.str()};
}

}  // namespace roiops

#endif  // ROIOPS_ERROR_H_
