#include "auth/sas_token.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "auth/hmac.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/url.h"

namespace nave::auth {
namespace {

constexpr std::string_view kScheme = "SharedAccessSignature ";

// The fields as they stand in the token; nullopt until seen.
struct RawFields {
  std::optional<std::string_view> sr, sig, se, skn;

  std::optional<std::string_view>* slot(std::string_view name) {
    if (equals_ignore_case(name, "sr")) return &sr;
    if (equals_ignore_case(name, "sig")) return &sig;
    if (equals_ignore_case(name, "se")) return &se;
    if (equals_ignore_case(name, "skn")) return &skn;
    return nullptr;
  }
};

Result<RawFields, SasError> split_fields(std::string_view text) {
  RawFields fields;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    const size_t equals = field.find('=');
    if (equals == std::string_view::npos) return fail(SasError::kNotASas);
    std::optional<std::string_view>* const slot = fields.slot(field.substr(0, equals));
    if (slot == nullptr) continue;
    if (*slot) return fail(SasError::kDuplicateField);
    *slot = field.substr(equals + 1);
  }
  return fields;
}

// Digits with at most one '.'; too large for a double is the far future.
std::optional<double> parse_expiry(std::string_view text) {
  const size_t dots = static_cast<size_t>(std::count(text.begin(), text.end(), '.'));
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (!digits || dots > 1 || text.empty() || text.front() == '.' || text.back() == '.') return {};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error == std::errc::result_out_of_range) {
    const bool huge = text.substr(0, text.find('.')).find_first_not_of('0') != std::string_view::npos;
    return huge ? std::numeric_limits<double>::infinity() : 0.0;
  }
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
  const size_t colon = host.find(':');
  return colon == host.rfind(':') ? host.substr(0, colon) : host;  // several colons: an IPv6 address without brackets
}

// Splits a resource at '/', without decoding anything.
std::vector<std::string> split_resource(std::string_view text) {
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('/'), text.size());
    std::string_view segment = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (segment.empty()) continue;
    if (out.empty()) segment = without_port(segment);
    out.emplace_back(segment);
  }
  return out;
}

bool is_id_position(size_t index) {
  return index >= 2 && index % 2 == 0;
}

bool spelling_covers(const std::vector<std::string>& granted, const std::vector<std::string_view>& wanted,
                     bool (*is_host)(std::string_view, const void*), const void* context) {
  if (granted.empty() || wanted.empty() || !is_host(granted[0], context)) return false;
  const size_t common = std::min(granted.size(), wanted.size());
  for (size_t i = 1; i < common; ++i) {
    const bool same = is_id_position(i) ? granted[i] == wanted[i] : equals_ignore_case(granted[i], wanted[i]);
    if (!same) return false;
  }
  if (granted.size() <= wanted.size()) return true;
  // Some tools append more behind the device's scope (§2.4, audience check 5); a module's scope is not its device's.
  return is_id_position(wanted.size() - 1) && !equals_ignore_case(granted[wanted.size()], "modules");
}

}  // namespace

Result<SasToken, SasError> parse_sas(std::string_view token) {
  if (token.size() > limits::kSasTokenBytesMax) return fail(SasError::kTooLong);
  if (!equals_ignore_case(token.substr(0, kScheme.size()), kScheme)) return fail(SasError::kNotASas);
  const auto fields = split_fields(token.substr(kScheme.size()));
  if (!fields) return fail(fields.error());
  const std::string_view sr = fields->sr.value_or("");
  const std::string_view se = fields->se.value_or("");
  const std::string_view sig = fields->sig.value_or("");
  if (sr.empty() || se.empty() || sig.empty()) return fail(SasError::kMissingField);
  const std::optional<double> expiry = parse_expiry(se);
  if (!expiry) return fail(SasError::kBadExpiry);
  return SasToken{.resource = sr,
                  .expiry = se,
                  .signature = percent_decode(sig),
                  .policy = percent_decode(fields->skn.value_or("")),
                  .expiry_unix_seconds = *expiry};
}

bool signature_matches(const SasToken& token, std::string_view key_base64) {
  const std::optional<std::string> key = base64_decode(key_base64);
  return key && signature_matches_key_text(token, *key);
}

bool signature_matches_key_text(const SasToken& token, std::string_view key_text) {
  if (key_text.empty()) return false;
  const Sha256 mac = hmac_sha256(key_text, token.resource, "\n", token.expiry);
  const std::string expected = base64_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
  return token.signature.size() == expected.size() &&
         CRYPTO_memcmp(token.signature.data(), expected.data(), expected.size()) == 0;
}

bool is_expired(const SasToken& token, int64_t now_unix_seconds) {
  return static_cast<double>(now_unix_seconds) > token.expiry_unix_seconds + double{limits::kSasClockSkewSeconds};
}

std::string make_sas(std::string_view resource, std::string_view key_base64, int64_t expiry_unix_seconds,
                     std::string_view policy) {
  const std::string sr = percent_encode(resource);
  const std::string se = std::to_string(expiry_unix_seconds);
  const std::string signature = hmac_sha256_base64(key_base64, sr + "\n" + se).value_or("");
  std::string out = std::string(kScheme) + "sr=" + sr + "&sig=" + percent_encode(signature) + "&se=" + se;
  if (!policy.empty()) out += "&skn=" + percent_encode(policy);
  return out;
}

std::optional<std::string> hmac_sha256_base64(std::string_view key_base64, std::string_view text) {
  const std::optional<std::string> key = base64_decode(key_base64);
  if (!key) return {};
  const Sha256 mac = hmac_sha256(*key, text);
  return base64_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::vector<std::vector<std::string>> resource_spellings(std::string_view resource) {
  std::vector<std::vector<std::string>> out{split_resource(resource)};
  if (resource.find('%') == std::string_view::npos) return out;
  std::vector<std::string> once = split_resource(percent_decode(resource));
  std::vector<std::string> twice;
  for (const std::string& segment : once) twice.push_back(percent_decode(segment));
  for (auto* spelling : {&once, &twice}) {
    if (std::find(out.begin(), out.end(), *spelling) == out.end()) out.push_back(std::move(*spelling));
  }
  return out;
}

bool resource_covers(std::string_view resource, const std::vector<std::string_view>& segments,
                     bool (*is_host)(std::string_view host, const void* context), const void* context) {
  for (const auto& spelling : resource_spellings(resource)) {
    if (spelling_covers(spelling, segments, is_host, context)) return true;
  }
  return false;
}

std::vector<std::string> resource_segments(std::string_view resource) {
  return split_resource(percent_decode(resource));
}

}  // namespace nave::auth
