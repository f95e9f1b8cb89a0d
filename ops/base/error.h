// The one exception of this library. It never leaves it: ops/ort turns it into an OrtStatus.

#ifndef ROIOPS_BASE_ERROR_H_
#define ROIOPS_BASE_ERROR_H_

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

// Text from a model, in quotes: bytes that are no printable ASCII as \xNN, since a message must be valid
// UTF-8 for Python to show it, and at most kQuotedBytes of it.
inline std::string Quoted(const std::string& text) {
  constexpr size_t kQuotedBytes = 64;
  constexpr char kDigits[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size() && i < kQuotedBytes; ++i) {
    const unsigned char byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7F) {
      quoted += text[i];
    } else {
      quoted += {'\\', 'x', kDigits[byte / 16], kDigits[byte % 16]};
    }
  }
  return quoted + (text.size() > kQuotedBytes ? "...\"" : "\"");
}

}  // namespace roiops

#endif  // ROIOPS_BASE_ERROR_H_
