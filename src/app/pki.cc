#include "app/pki.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <stdexcept>

#include "base/url.h"

namespace nave::app {
namespace {

using std::chrono::days;

constexpr days kCaLife{20 * 365};
constexpr days kLeafLife{397};
constexpr days kBackdate{1};
constexpr days kReissueBefore{30};

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* p) const { Free(p); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, Free>>;

void free_bio(BIO* b) {
  BIO_free(b);
}
using BioPtr = Owned<BIO, free_bio>;
using KeyPtr = Owned<EVP_PKEY, EVP_PKEY_free>;
using X509Ptr = Owned<X509, X509_free>;
using ExtensionPtr = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using NamesPtr = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using NumberPtr = Owned<BIGNUM, BN_free>;

[[noreturn]] void refuse(const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  throw std::runtime_error(what + ": " + text.data());
}

void must(bool ok, const char* what) {
  if (!ok) refuse(what);
}

KeyPtr make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  must(key != nullptr, "cannot make a key");
  return key;
}

BioPtr reader(std::string_view pem) {
  BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  must(in != nullptr, "out of memory");
  return in;
}

X509Ptr read_certificate(std::string_view pem) {
  X509Ptr out(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  must(out != nullptr, "cannot read a certificate");
  return out;
}

KeyPtr read_key(std::string_view pem) {
  // An empty pass phrase, or OpenSSL would ask for one on the terminal.
  KeyPtr out(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, const_cast<char*>("")));
  must(out != nullptr, "cannot read a private key");
  return out;
}

template <class Write>
std::string pem_text(Write write) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  must(out != nullptr && write(out.get()) == 1, "cannot write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

CertificateAndKey to_pem(X509* certificate, EVP_PKEY* key) {
  return {pem_text([&](BIO* b) { return PEM_write_bio_X509(b, certificate); }), pem_text([&](BIO* b) {
            return PEM_write_bio_PKCS8PrivateKey(b, key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

void set_serial(X509* certificate) {
  // 127 random bits: positive, and at most 20 octets (RFC 5280 §4.1.2.2).
  const NumberPtr number(BN_new());
  must(number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
       "serial number");
}

void set_time(ASN1_TIME* field, UtcTime at) {
  must(ASN1_TIME_set(field, static_cast<time_t>(unix_seconds(at))) != nullptr, "validity");
}

UtcTime to_utc(const ASN1_TIME* time) {
  std::tm tm{};
  must(ASN1_TIME_to_tm(time, &tm) == 1, "cannot read the validity of a certificate");
  return from_unix_ms(int64_t{timegm(&tm)} * 1000);
}

void add_name(X509_NAME* name, const char* field, std::string_view value) {
  // RFC 5280 bounds a common name to 64 characters; longer host names are found in the alternative names.
  const std::string_view bounded = value.substr(0, 64);
  must(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(bounded.data()),
                                  static_cast<int>(bounded.size()), -1, 0) == 1,
       "subject");
}

// `value` as in OpenSSL's configuration files; never built from a name, which could hold its separators.
void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

std::string address_bytes(const std::string& text) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

void add_alternative_name(GENERAL_NAMES* names, const std::string& text) {
  const std::string address = address_bytes(text);
  const std::string& bytes = address.empty() ? text : address;
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_STRING* const value = ASN1_STRING_type_new(address.empty() ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  must(name != nullptr && value != nullptr, "out of memory");
  GENERAL_NAME_set0_value(name, address.empty() ? GEN_DNS : GEN_IPADD, value);
  must(ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1 &&
           sk_GENERAL_NAME_push(names, name) > 0,
       "alternative names");
}

void add_alternative_names(X509* certificate, const std::vector<std::string>& texts) {
  const NamesPtr names(GENERAL_NAMES_new());
  for (const std::string& text : texts) add_alternative_name(names.get(), text);
  must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1,
       "alternative names");
}

X509Ptr begin_certificate(EVP_PKEY* key, UtcTime not_before, UtcTime not_after) {
  X509Ptr out(X509_new());
  must(out && X509_set_version(out.get(), X509_VERSION_3) == 1 && X509_set_pubkey(out.get(), key) == 1, "certificate");
  set_serial(out.get());
  set_time(X509_getm_notBefore(out.get()), not_before);
  set_time(X509_getm_notAfter(out.get()), not_after);
  return out;
}

void sign(X509* certificate, EVP_PKEY* key) {
  must(X509_sign(certificate, key, EVP_sha256()) > 0, "signature");
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int size = ASN1_STRING_length(address);
  if (size != 4 && size != 16) return {};
  return inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text.data(), text.size());
}

std::vector<std::string> alternative_names(X509* certificate) {
  std::vector<std::string> out;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      out.push_back(ip_text(name->d.iPAddress));
    }
  }
  return out;
}

bool covers(const std::vector<std::string>& have, const std::string& wanted) {
  return std::ranges::any_of(have, [&](const std::string& h) { return equals_ignore_case(h, wanted); });
}

}  // namespace

CertificateAndKey make_ca(UtcTime now) {
  const KeyPtr key = make_key();
  const X509Ptr ca = begin_certificate(key.get(), now - kBackdate, now + kCaLife);
  X509_NAME* const name = X509_get_subject_name(ca.get());
  add_name(name, "O", "Nave");
  // Two hubs' CAs in one trust store must be told apart by name too.
  add_name(name, "CN", "Nave CA " + format_iso8601(std::chrono::floor<std::chrono::seconds>(now)));
  must(X509_set_issuer_name(ca.get(), name) == 1, "issuer");
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  add_extension(ca.get(), ca.get(), NID_authority_key_identifier, "keyid:always");
  sign(ca.get(), key.get());
  return to_pem(ca.get(), key.get());
}

CertificateAndKey make_server_certificate(const CertificateAndKey& ca, const std::vector<std::string>& names,
                                          UtcTime now) {
  if (names.empty()) throw std::runtime_error("a server certificate needs a name");
  const X509Ptr issuer = read_certificate(ca.certificate_pem);
  const KeyPtr issuer_key = read_key(ca.key_pem);
  const KeyPtr key = make_key();
  const UtcTime not_after = std::min<UtcTime>(now + kLeafLife, to_utc(X509_get0_notAfter(issuer.get())));
  const X509Ptr leaf = begin_certificate(key.get(), now - kBackdate, not_after);
  add_name(X509_get_subject_name(leaf.get()), "CN", names.front());
  must(X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer.get())) == 1, "issuer");
  add_extension(leaf.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(leaf.get(), issuer.get(), NID_ext_key_usage, "serverAuth");
  add_extension(leaf.get(), issuer.get(), NID_subject_key_identifier, "hash");
  add_extension(leaf.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
  add_alternative_names(leaf.get(), names);
  sign(leaf.get(), issuer_key.get());
  return to_pem(leaf.get(), key.get());
}

PkiFiles make_pki(const std::vector<std::string>& names, UtcTime now) {
  const CertificateAndKey ca = make_ca(now);
  const CertificateAndKey leaf = make_server_certificate(ca, names, now);
  return {ca.certificate_pem, ca.key_pem, leaf.certificate_pem, leaf.key_pem};
}

CertificateInfo describe_certificate(std::string_view certificate_pem) {
  const X509Ptr certificate = read_certificate(certificate_pem);
  return {alternative_names(certificate.get()), to_utc(X509_get0_notBefore(certificate.get())),
          to_utc(X509_get0_notAfter(certificate.get()))};
}

bool needs_reissue(const PkiFiles& files, const std::vector<std::string>& names, UtcTime now) {
  const CertificateInfo info = describe_certificate(files.server_chain_pem);
  if (now < info.not_before || info.not_after - now < kReissueBefore) return true;
  if (!std::ranges::all_of(names, [&](const std::string& n) { return covers(info.names, n); })) return true;
  const X509Ptr ca = read_certificate(files.ca_cert_pem);
  const X509Ptr leaf = read_certificate(files.server_chain_pem);
  const bool signed_by_ca = X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1;
  ERR_clear_error();
  return !signed_by_ca;
}

std::vector<std::string> server_names(const std::string& host_name) {
  std::array<char, 256> machine{};
  std::vector<std::string> out = {host_name, "localhost"};
  if (gethostname(machine.data(), machine.size() - 1) == 0) out.emplace_back(machine.data());
  out.emplace_back("127.0.0.1");
  out.emplace_back("::1");
  std::vector<std::string> unique;
  for (std::string& name : out) {
    if (!name.empty() && !covers(unique, name)) unique.push_back(std::move(name));
  }
  return unique;
}

}  // namespace nave::app
