#include "auth/sas_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/limits.h"
#include "base/url.h"

namespace nave::auth {
namespace {

// reference/device-mqtt-https.md §13
constexpr const char* kKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
constexpr const char* kExpiry = "1893456000";

struct Vector {
  const char* resource;
  const char* signature;
  std::vector<std::string_view> target;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = {
      {"hub1.example.test%2Fdevices%2Fdev-1",
       "v11NzVz+4ZMrqkG9z75R2D0UMq6a50yglfU97Fodm3A=",
       {"hub1.example.test", "devices", "dev-1"}},
      {"hub1.example.test%2fdevices%2fdev-1",
       "6JO+GAIs6ysiYd7ldXZPY5SaUDuZI+6xPWL5yWskBug=",
       {"hub1.example.test", "devices", "dev-1"}},
      {"hub1.example.test/devices/dev-1",
       "iTSYeTcottW+zOmac7RsPuFD6BLs4GB9dLirr4SKIGM=",
       {"hub1.example.test", "devices", "dev-1"}},
      {"hub1.example.test%2Fdevices%2Fa%2540b",
       "zIU+iRLIsWAoKZB5QLmuIxxoKH42610TCi6j3xP41SA=",
       {"hub1.example.test", "devices", "a@b"}},
      {"hub1.example.test%2Fdevices%2Fa%40b",
       "9hfeNkqaD81HAX0J47v6Czm9Z66zGLoAIlQDZiMfHk8=",
       {"hub1.example.test", "devices", "a@b"}},
      {"hub1.example.test",
       "1dBD78SxD1lB/Uo2iuoj8j1jQNy11ZuDOrsA8ia/R3o=",
       {"hub1.example.test", "devices", "anything"}},
      {"hub1.example.test%2Fdevices%2Fdev-1%2Fmodules%2Fm1",
       "1a4S4zS7azEuHMeGPGnSztbIpPiP0EGoVJjS4jOFO9w=",
       {"hub1.example.test", "devices", "dev-1", "modules", "m1"}},
  };
  return all;
}

std::string token_text(const std::string& resource, const std::string& signature, const std::string& expiry = kExpiry) {
  return "SharedAccessSignature sr=" + resource + "&sig=" + percent_encode(signature) + "&se=" + expiry;
}

bool is_test_host(std::string_view host, const void*) {
  return equals_ignore_case(host, "hub1.example.test") || equals_ignore_case(host, "gateway");
}

bool covers(std::string_view resource, const std::vector<std::string_view>& target) {
  return resource_covers(resource, target, is_test_host, nullptr);
}

TEST(SasVectors, AllSignaturesMatchAndCoverTheirTarget) {
  for (const Vector& v : vectors()) {
    const std::string text = token_text(v.resource, v.signature);
    const auto token = parse_sas(text);
    ASSERT_TRUE(token) << v.resource;
    EXPECT_TRUE(signature_matches(*token, kKey)) << v.resource;
    EXPECT_TRUE(covers(token->resource, v.target)) << v.resource;
    EXPECT_EQ(token->expiry_unix_seconds, 1893456000.0);
    EXPECT_TRUE(token->policy.empty());
    EXPECT_EQ(hmac_sha256_base64(kKey, std::string(v.resource) + "\n" + kExpiry), v.signature);
  }
}

TEST(SasVectors, AnyOneLetterOfTheResourceInOtherCaseFails) {
  for (const Vector& v : vectors()) {
    const std::string resource = v.resource;
    for (size_t i = 0; i < resource.size(); ++i) {
      if (std::isalpha(static_cast<unsigned char>(resource[i])) == 0) continue;
      std::string changed = resource;
      changed[i] = static_cast<char>(changed[i] ^ 0x20);
      const std::string text = token_text(changed, v.signature);
      EXPECT_FALSE(signature_matches(*parse_sas(text), kKey)) << changed;
    }
  }
}

TEST(SasVectors, AnotherSignatureKeyOrExpiryFails) {
  const Vector& v = vectors()[0];
  const std::string text = token_text(v.resource, v.signature);
  EXPECT_FALSE(signature_matches(*parse_sas(text), "AAEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
  EXPECT_FALSE(signature_matches(*parse_sas(text), "not base64"));
  EXPECT_FALSE(signature_matches(*parse_sas(text), ""));
  const std::string later = token_text(v.resource, v.signature, "1893456001");
  EXPECT_FALSE(signature_matches(*parse_sas(later), kKey));
  std::string signature = v.signature;
  signature[5] = signature[5] == 'A' ? 'B' : 'A';
  const std::string forged = token_text(v.resource, signature);
  EXPECT_FALSE(signature_matches(*parse_sas(forged), kKey));
  const std::string cut = token_text(v.resource, std::string(v.signature).substr(0, 43));
  EXPECT_FALSE(signature_matches(*parse_sas(cut), kKey));
}

TEST(SasParse, FieldsComeInAnyOrderWithNamesInAnyCase) {
  const Vector& v = vectors()[0];
  std::vector<std::string> fields = {std::string("sr=") + v.resource, "sig=" + percent_encode(v.signature),
                                     std::string("se=") + kExpiry, "skn=a%20policy"};
  std::sort(fields.begin(), fields.end());
  do {
    std::string text = "SharedAccessSignature " + fields[0] + "&" + fields[1] + "&" + fields[2] + "&" + fields[3];
    const auto token = parse_sas(text);
    ASSERT_TRUE(token) << text;
    EXPECT_TRUE(signature_matches(*token, kKey)) << text;
    EXPECT_EQ(token->policy, "a policy");
  } while (std::next_permutation(fields.begin(), fields.end()));
  const std::string upper = std::string("sharedaccesssignature SR=") + v.resource +
                            "&Sig=" + percent_encode(v.signature) + "&SE=" + kExpiry + "&Skn=p";
  EXPECT_EQ(parse_sas(upper)->policy, "p");
}

TEST(SasParse, EmptyPolicyNameIsNoPolicyName) {
  const auto token = parse_sas("SharedAccessSignature sr=h&sig=AA%3D%3D&se=1&skn=");
  ASSERT_TRUE(token);
  EXPECT_TRUE(token->policy.empty());
}

TEST(SasParse, PlusInTheSignatureStaysPlus) {
  const Vector& v = vectors()[0];  // its signature contains '+'
  ASSERT_NE(std::string(v.signature).find('+'), std::string::npos);
  const std::string raw =
      std::string("SharedAccessSignature sr=") + v.resource + "&sig=" + v.signature + "&se=" + kExpiry;
  EXPECT_TRUE(signature_matches(*parse_sas(raw), kKey));
  std::string lower = percent_encode(v.signature);
  for (size_t i = lower.find('%'); i != std::string::npos; i = lower.find('%', i + 1)) {
    lower[i + 1] = static_cast<char>(std::tolower(lower[i + 1]));
    lower[i + 2] = static_cast<char>(std::tolower(lower[i + 2]));
  }
  const std::string text = std::string("SharedAccessSignature sr=") + v.resource + "&sig=" + lower + "&se=" + kExpiry;
  EXPECT_TRUE(signature_matches(*parse_sas(text), kKey));
}

TEST(SasParse, RefusesWhatIsNotAToken) {
  const auto error = [](const std::string& text) { return parse_sas(text).error(); };
  EXPECT_EQ(error(""), SasError::kNotASas);
  EXPECT_EQ(error("Bearer abc"), SasError::kNotASas);
  EXPECT_EQ(error("SharedAccessSignature"), SasError::kNotASas);
  EXPECT_EQ(error("SharedAccessSignature\tsr=h&sig=x&se=1"), SasError::kNotASas);
  EXPECT_EQ(error("SharedAccessSignature sr=h&sig=x&se"), SasError::kNotASas);
  EXPECT_EQ(error("SharedAccessSignature "), SasError::kMissingField);
  EXPECT_EQ(error("SharedAccessSignature  sr=h&sig=x&se=1"), SasError::kMissingField);  // one space only
  EXPECT_EQ(error("SharedAccessSignature sig=x&se=1"), SasError::kMissingField);
  EXPECT_EQ(error("SharedAccessSignature sr=h&se=1"), SasError::kMissingField);
  EXPECT_EQ(error("SharedAccessSignature sr=h&sig=x"), SasError::kMissingField);
  EXPECT_EQ(error("SharedAccessSignature sr=&sig=x&se=1"), SasError::kMissingField);
}

TEST(SasParse, RefusesDuplicates) {
  for (const char* twice : {"sr=h", "SR=h", "sig=x", "se=1", "skn=p"}) {
    const std::string text = std::string("SharedAccessSignature sr=h&sig=x&se=1&skn=&") + twice;
    EXPECT_EQ(parse_sas(text).error(), SasError::kDuplicateField) << twice;
  }
}

TEST(SasParse, LengthIsBounded) {
  std::string text = "SharedAccessSignature sr=h&sig=x&se=1&x=";
  text.append(limits::kSasTokenBytesMax - text.size(), 'a');
  EXPECT_TRUE(parse_sas(text));
  text += 'a';
  EXPECT_EQ(parse_sas(text).error(), SasError::kTooLong);
}

double expiry_of(const std::string& se) {
  const std::string text = "SharedAccessSignature sr=h&sig=x&se=" + se;
  return parse_sas(text)->expiry_unix_seconds;
}

TEST(SasExpiry, NumbersAreDecimalAndMayBeFractionalOrHuge) {
  EXPECT_EQ(expiry_of("1893456000.5"), 1893456000.5);
  EXPECT_EQ(expiry_of("9223372036854775808"), 9223372036854775808.0);
  EXPECT_EQ(expiry_of("1893456000000"), 1893456000000.0);  // milliseconds from old Node: the far future
  EXPECT_EQ(expiry_of(std::string(400, '9')), std::numeric_limits<double>::infinity());
  EXPECT_EQ(expiry_of("0." + std::string(400, '0') + "1"), 0.0);
  for (const char* bad : {"x", "-1", "+1", "1e9", "0x10", "1.2.3", ".", "1.", ".5", "1 ", "nan", "inf", "1,5"}) {
    const std::string text = std::string("SharedAccessSignature sr=h&sig=x&se=") + bad;
    EXPECT_EQ(parse_sas(text).error(), SasError::kBadExpiry) << bad;
  }
}

TEST(SasExpiry, ClockSkewIsForgivenUpToItsLimit) {
  const auto token = parse_sas("SharedAccessSignature sr=h&sig=x&se=1000");
  EXPECT_FALSE(is_expired(*token, 1000 + limits::kSasClockSkewSeconds));
  EXPECT_TRUE(is_expired(*token, 1001 + limits::kSasClockSkewSeconds));
  EXPECT_FALSE(is_expired(*parse_sas("SharedAccessSignature sr=h&sig=x&se=1893456000000"), 1'900'000'000));
}

TEST(SasMake, MakesWhatItVerifies) {
  const std::string text = make_sas("hub1.example.test/devices/a@b", kKey, 1893456000, "");
  EXPECT_EQ(text, token_text("hub1.example.test%2Fdevices%2Fa%40b", "9hfeNkqaD81HAX0J47v6Czm9Z66zGLoAIlQDZiMfHk8="));
  const std::string with_policy = make_sas("hub1.example.test", kKey, 1893456000, "my policy");
  const auto token = parse_sas(with_policy);
  EXPECT_TRUE(signature_matches(*token, kKey));
  EXPECT_EQ(token->policy, "my policy");
}

TEST(SasResource, PrefixesCoverBySegment) {
  EXPECT_TRUE(covers("hub1.example.test", {"hub1.example.test", "devices", "d"}));
  EXPECT_TRUE(covers("HUB1.Example.Test%2FDevices", {"hub1.example.test", "devices", "d"}));
  EXPECT_TRUE(covers("gateway%2Fdevices%2Fd", {"hub1.example.test", "devices", "d"}));
  EXPECT_TRUE(covers("hub1.example.test%2Fdevices%2Fd", {"hub1.example.test", "devices", "d", "modules", "m"}));
  EXPECT_FALSE(covers("hub1.example.test%2Fdevices%2Fd", {"hub1.example.test", "devices", "d2"}));
  EXPECT_FALSE(covers("hub1.example.test%2Fdevices%2Fd2", {"hub1.example.test", "devices", "d"}));
  EXPECT_FALSE(covers("hub1.example.test%2Fdevices%2FD", {"hub1.example.test", "devices", "d"}));
  EXPECT_FALSE(covers("other.example.test%2Fdevices%2Fd", {"hub1.example.test", "devices", "d"}));
  EXPECT_FALSE(
      covers("hub1.example.test%2Fdevices%2Fd%2Fmodules%2Fm2", {"hub1.example.test", "devices", "d", "modules", "m"}));
  EXPECT_FALSE(covers("", {"hub1.example.test", "devices", "d"}));
  EXPECT_FALSE(covers("%2F%2F", {"hub1.example.test", "devices", "d"}));
}

TEST(SasResource, MoreBehindADeviceIsToleratedButAModuleIsNotItsDevice) {
  EXPECT_TRUE(
      covers("hub1.example.test%2Fdevices%2Fd%2Fapi-version%3D2016-11-14", {"hub1.example.test", "devices", "d"}));
  EXPECT_FALSE(covers("hub1.example.test%2Fdevices%2Fd%2Fmodules%2Fm", {"hub1.example.test", "devices", "d"}));
  EXPECT_FALSE(covers("hub1.example.test%2Fdevices%2Fd", {"hub1.example.test", "devices"}));
}

TEST(SasResource, SchemeAndPortAreIgnored) {
  for (const char* r : {"amqps://hub1.example.test:5671/devices/d", "sb://hub1.example.test/devices/d",
                        "amqps%3A%2F%2Fhub1.example.test%3A5671%2Fdevices%2Fd", "hub1.example.test:443/devices/d/"}) {
    EXPECT_TRUE(covers(r, {"hub1.example.test", "devices", "d"})) << r;
  }
}

TEST(SasResource, IdsMatchAtEveryDecodeDepth) {
  // An id that looks percent-encoded, as the C SDK sends it, and once encoded.
  EXPECT_TRUE(covers("hub1.example.test/devices/a%41", {"hub1.example.test", "devices", "a%41"}));
  EXPECT_TRUE(covers("hub1.example.test%2Fdevices%2Fa%2541", {"hub1.example.test", "devices", "a%41"}));
  EXPECT_TRUE(covers("hub1.example.test/devices/a+b", {"hub1.example.test", "devices", "a+b"}));
  EXPECT_FALSE(covers("hub1.example.test%2Fdevices%2Fa%25252540b", {"hub1.example.test", "devices", "a@b"}));
}

TEST(SasResource, Segments) {
  EXPECT_EQ(resource_segments("sb://h:5671/hub%2FConsumerGroups/%24Default/"),
            (std::vector<std::string>{"h", "hub", "ConsumerGroups", "$Default"}));
  EXPECT_EQ(resource_segments("[::1]:5671/x"), (std::vector<std::string>{"[::1]", "x"}));
  EXPECT_EQ(resource_segments("[::1"), (std::vector<std::string>{"[::1"}));
  EXPECT_TRUE(resource_segments("///").empty());
  EXPECT_EQ(resource_spellings("h/devices/d").size(), 1U);
  EXPECT_EQ(resource_spellings("h%2Fdevices%2Fa%2540b").size(), 3U);
}

}  // namespace
}  // namespace nave::auth
