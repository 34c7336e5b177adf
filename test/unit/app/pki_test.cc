#include "app/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace nave::app {
namespace {

using std::chrono::days;
using ::testing::ElementsAre;

const UtcTime kNow = from_unix_ms(1'786'784'856'000);
const std::vector<std::string> kNames = {"hub.example.localhost", "localhost", "127.0.0.1", "::1"};

class Certificate {
 public:
  explicit Certificate(const std::string& pem) {
    BIO* const in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    x509_ = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    BIO_free(in);
  }
  ~Certificate() { X509_free(x509_); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  [[nodiscard]] X509* get() const { return x509_; }

 private:
  X509* x509_ = nullptr;
};

// X509_V_OK, or why a client that trusts `ca` alone refuses `leaf` at `at`.
int verify(const std::string& leaf_pem, const std::string& ca_pem, UtcTime at) {
  const Certificate leaf(leaf_pem);
  const Certificate ca(ca_pem);
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_add_cert(store, ca.get());
  X509_STORE_set_flags(store, X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX* const context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), static_cast<time_t>(unix_seconds(at)));
  X509_verify_cert(context);
  const int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  ERR_clear_error();
  return error;
}

TEST(Pki, TheLeafIsTrustedByWhoeverTrustsTheCa) {
  const PkiFiles files = make_pki(kNames, kNow);
  EXPECT_EQ(verify(files.server_chain_pem, files.ca_cert_pem, kNow), X509_V_OK);
  EXPECT_EQ(verify(files.server_chain_pem, files.ca_cert_pem, kNow - days(1)), X509_V_OK) << "a clock behind ours";
  EXPECT_EQ(verify(files.server_chain_pem, files.ca_cert_pem, kNow + days(397) - std::chrono::seconds(1)), X509_V_OK);
  EXPECT_EQ(verify(files.server_chain_pem, files.ca_cert_pem, kNow + days(398)), X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_NE(verify(files.server_chain_pem, make_ca(kNow).certificate_pem, kNow), X509_V_OK);
}

TEST(Pki, CoversNamesAndAddressesAndNothingElse) {
  const PkiFiles files = make_pki(kNames, kNow);
  const Certificate leaf(files.server_chain_pem);
  EXPECT_EQ(X509_check_host(leaf.get(), "hub.example.localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "other.example", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.2", 0), 0);
}

TEST(Pki, IsMadeAsCertificatesShouldBe) {
  const PkiFiles files = make_pki(kNames, kNow);
  const Certificate ca(files.ca_cert_pem);
  const Certificate leaf(files.server_chain_pem);
  EXPECT_EQ(X509_check_ca(ca.get()), 1);
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_get_pathlen(ca.get()), 0);
  EXPECT_EQ(X509_get_key_usage(leaf.get()), static_cast<uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_key_usage(ca.get()), static_cast<uint32_t>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  EXPECT_EQ(X509_get_extended_key_usage(leaf.get()), static_cast<uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf.get()), X509_get0_subject_key_id(ca.get())), 0);
  EXPECT_EQ(EVP_PKEY_get_base_id(X509_get0_pubkey(leaf.get())), EVP_PKEY_EC);
}

TEST(Pki, SerialNumbersDiffer) {
  const PkiFiles one = make_pki(kNames, kNow);
  const PkiFiles two = make_pki(kNames, kNow);
  const Certificate a(one.server_chain_pem);
  const Certificate b(two.server_chain_pem);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(a.get()), X509_get0_serialNumber(b.get())), 0);
}

TEST(Pki, DescribesWhatItMade) {
  const CertificateInfo info = describe_certificate(make_pki(kNames, kNow).server_chain_pem);
  EXPECT_THAT(info.names, ElementsAre("hub.example.localhost", "localhost", "127.0.0.1", "::1"));
  EXPECT_EQ(info.not_before, kNow - days(1));
  EXPECT_EQ(info.not_after, kNow + days(397));
}

TEST(Pki, AHostNameLongerThanACommonNameStillWorks) {
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  const PkiFiles files = make_pki({name}, kNow);
  EXPECT_EQ(X509_check_host(Certificate(files.server_chain_pem).get(), name.c_str(), 0, 0, nullptr), 1);
}

TEST(Pki, ANameCannotSmuggleInAnotherOne) {
  const CertificateInfo info = describe_certificate(make_pki({"a,DNS:evil.example"}, kNow).server_chain_pem);
  EXPECT_THAT(info.names, ElementsAre("a,DNS:evil.example"));
}

TEST(Pki, IsReissuedWhenANameIsMissingOrTheEndIsNearOrTheCaChanged) {
  PkiFiles files = make_pki(kNames, kNow);
  EXPECT_FALSE(needs_reissue(files, kNames, kNow));
  EXPECT_FALSE(needs_reissue(files, {"LOCALHOST"}, kNow)) << "covers more than is asked for, in another case";
  EXPECT_TRUE(needs_reissue(files, {"new.example"}, kNow));
  EXPECT_FALSE(needs_reissue(files, kNames, kNow + days(397 - 30)));
  EXPECT_TRUE(needs_reissue(files, kNames, kNow + days(397 - 30) + std::chrono::seconds(1)));
  EXPECT_TRUE(needs_reissue(files, kNames, kNow - days(2)));
  files.ca_cert_pem = make_ca(kNow).certificate_pem;
  EXPECT_TRUE(needs_reissue(files, kNames, kNow));
}

TEST(Pki, TheLeafNeverOutlivesTheCa) {
  const CertificateAndKey ca = make_ca(kNow);
  const UtcTime late = kNow + days(20 * 365 - 10);
  EXPECT_EQ(describe_certificate(make_server_certificate(ca, kNames, late).certificate_pem).not_after,
            kNow + days(20 * 365));
}

TEST(Pki, BadInputIsAnException) {
  EXPECT_THROW((void)describe_certificate("not PEM"), std::runtime_error);
  EXPECT_THROW((void)make_server_certificate({"x", "y"}, kNames, kNow), std::runtime_error);
  EXPECT_THROW((void)make_server_certificate(make_ca(kNow), {}, kNow), std::runtime_error);
}

TEST(Pki, ServerNamesAreUniqueAndBeginWithTheHostName) {
  const std::vector<std::string> names = server_names("localhost");
  EXPECT_EQ(names.front(), "localhost");
  EXPECT_EQ(std::count(names.begin(), names.end(), "localhost"), 1);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"127.0.0.1", "::1"}));
  EXPECT_EQ(server_names("hub.example").front(), "hub.example");
}

}  // namespace
}  // namespace nave::app
