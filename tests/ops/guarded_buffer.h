// Memory between two pages that must not be touched: an access one element too far ends the program, whatever
// the compiler and the instruction set.

#ifndef ROIOPS_TESTS_GUARDED_BUFFER_H_
#define ROIOPS_TESTS_GUARDED_BUFFER_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace roiops_test {

enum class Against { kStart, kEnd };  // the guard that the data touches

class GuardedBuffer {
 public:
  GuardedBuffer(size_t bytes, Against side) {
    const size_t page = size_t(sysconf(_SC_PAGESIZE));
    const size_t inner = (bytes + page - 1) / page * page;
    mapped_bytes_ = inner + 2 * page;
    void* mapped = mmap(nullptr, mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) std::abort();
    mapped_ = static_cast<unsigned char*>(mapped);
    if (inner && mprotect(mapped_ + page, inner, PROT_READ | PROT_WRITE) != 0) std::abort();
    data_ = mapped_ + page + (side == Against::kEnd ? inner - bytes : 0);
    slack_begin_ = side == Against::kEnd ? mapped_ + page : data_ + bytes;
    slack_bytes_ = inner - bytes;
    if (slack_bytes_) std::memset(slack_begin_, kSlack, slack_bytes_);
  }
  ~GuardedBuffer() { munmap(mapped_, mapped_bytes_); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  template <class T>
  T* As() const {
    return reinterpret_cast<T*>(data_);
  }

  // False if something was written between the data and the guard on its other side.
  bool SlackIntact() const {
    for (size_t i = 0; i < slack_bytes_; ++i) {
      if (slack_begin_[i] != kSlack) return false;
    }
    return true;
  }

 private:
  static constexpr unsigned char kSlack = 0xFF;  // as floating point numbers: NaN

  unsigned char* mapped_;
  unsigned char* data_;
  unsigned char* slack_begin_;
  size_t mapped_bytes_;
  size_t slack_bytes_;
};

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_GUARDED_BUFFER_H_
