#include "auth/md5.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace nave::auth {

struct Md5::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Impl() { EVP_MD_CTX_free(context); }
};

Md5::Md5() : impl_(std::make_unique<Impl>()) {
  NAVE_CHECK(EVP_DigestInit_ex(impl_->context, EVP_md5(), nullptr) == 1, "no MD5");
}
Md5::~Md5() = default;

void Md5::add(ByteView bytes) {
  NAVE_CHECK(EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) == 1, "MD5 failed");
}

std::string Md5::finish() {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  NAVE_CHECK(EVP_DigestFinal_ex(impl_->context, reinterpret_cast<unsigned char*>(out.data()), &size) == 1,
             "MD5 failed");
  out.resize(size);
  return out;
}

}  // namespace nave::auth
