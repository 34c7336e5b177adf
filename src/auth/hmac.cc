#include "auth/hmac.h"

#include <openssl/evp.h>

#include <cstring>
#include <initializer_list>
#include <memory>

#include "base/check.h"

namespace nave::auth {
namespace {

constexpr size_t kBlockBytes = 64;  // of SHA-256
using Block = std::array<unsigned char, kBlockBytes>;

// Fetched once: OpenSSL 3 looks an algorithm up by name on every use otherwise, which costs more than the digest.
const EVP_MD* sha256_method() {
  static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  NAVE_CHECK(method != nullptr, "OpenSSL has no SHA-256");
  return method;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};

Sha256 digest(std::initializer_list<std::string_view> parts) {
  static thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256 out;
  bool ok = EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) == 1;
  for (const std::string_view p : parts) ok = ok && EVP_DigestUpdate(context.get(), p.data(), p.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1;
  NAVE_CHECK(ok, "SHA-256 failed");
  return out;
}

template <size_t N>
std::string_view view(const std::array<unsigned char, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

Block padded(const Block& key, unsigned char pad) {
  Block out;
  for (size_t i = 0; i < kBlockBytes; ++i) out[i] = static_cast<unsigned char>(key[i] ^ pad);
  return out;
}

}  // namespace

Sha256 hmac_sha256(std::string_view key, std::string_view a, std::string_view b, std::string_view c) {
  Block block{};
  if (key.size() > kBlockBytes) {
    const Sha256 hashed = digest({key});
    std::memcpy(block.data(), hashed.data(), hashed.size());
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  const Sha256 inner = digest({view(padded(block, 0x36)), a, b, c});
  return digest({view(padded(block, 0x5c)), view(inner)});
}

}  // namespace nave::auth
