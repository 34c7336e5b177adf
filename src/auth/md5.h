// MD5 as the Blob service uses it: a checksum of what travelled, no protection against anybody.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

namespace nave::auth {

class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  void add(ByteView bytes);
  // The 16 bytes of it; last call.
  [[nodiscard]] std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nave::auth
