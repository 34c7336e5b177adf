#include "auth/blob_sas.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "auth/sas_token.h"
#include "base/base64.h"
#include "base/url.h"

namespace nave::auth {
namespace {

constexpr std::string_view kLetters = "racwdl";
constexpr std::string_view kOurVersion = "2020-10-02";
constexpr std::string_view kVersionMin = "2015-04-05";
constexpr std::string_view kVersionWithResource = "2018-11-09";  // sr and snapshot are signed
constexpr std::string_view kVersionWithScope = "2020-12-06";     // the encryption scope, too

bool is_version(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  return text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           return form == '0' ? c >= '0' && c <= '9' : c == form;
         });
}

std::string canonical_name(const BlobAccount& account, const BlobResource& resource) {
  std::string out = "/blob/" + account.name + "/" + resource.container;
  if (!resource.blob.empty()) out += "/" + resource.blob;
  return out;
}

// Signed by the name of the resource, so a signature for another one does not match.
std::string service_text(const QueryParameters& p, const BlobAccount& account, const BlobResource& signed_resource) {
  const auto at = [&p](std::string_view name) { return std::string(value_of(p, name)); };
  const std::string version = at("sv");
  std::string out = at("sp") + "\n" + at("st") + "\n" + at("se") + "\n" + canonical_name(account, signed_resource) +
                    "\n" + at("si") + "\n" + at("sip") + "\n" + at("spr") + "\n" + version + "\n";
  if (version >= kVersionWithResource) out += at("sr") + "\n" + "\n";  // no snapshot
  if (version >= kVersionWithScope) out += at("ses") + "\n";
  return out + at("rscc") + "\n" + at("rscd") + "\n" + at("rsce") + "\n" + at("rscl") + "\n" + at("rsct");
}

std::string account_text(const QueryParameters& p, const BlobAccount& account) {
  const auto at = [&p](std::string_view name) { return std::string(value_of(p, name)); };
  const std::string version = at("sv");
  std::string out = account.name + "\n" + at("sp") + "\n" + at("ss") + "\n" + at("srt") + "\n" + at("st") + "\n" +
                    at("se") + "\n" + at("sip") + "\n" + at("spr") + "\n" + version + "\n";
  if (version >= kVersionWithScope) out += at("ses") + "\n";
  return out;
}

bool is_in_time(const QueryParameters& p, UtcTime now) {
  const auto expires = parse_iso8601(value_of(p, "se"));
  const std::string_view start = value_of(p, "st");
  const auto begins = start.empty() ? std::optional<UtcTime>(kNever) : parse_iso8601(start);
  return expires && begins && *begins <= now && now < *expires;
}

// Of an account SAS: what it is for, by the kind of the resource.
bool covers_kind(std::string_view kinds, const BlobResource& resource) {
  const char kind = resource.container.empty() ? 's' : (resource.blob.empty() ? 'c' : 'o');
  return kinds.find(kind) != std::string_view::npos;
}

Result<BlobRights, BlobSasError> verify_account(const QueryParameters& p, const BlobAccount& account,
                                                const BlobResource& resource, UtcTime now) {
  if (!is_signed_with(account, account_text(p, account), value_of(p, "sig"))) return fail(BlobSasError::kBadSignature);
  if (!is_in_time(p, now)) return fail(BlobSasError::kTime);
  if (value_of(p, "ss").find('b') == std::string_view::npos || !covers_kind(value_of(p, "srt"), resource)) {
    return fail(BlobSasError::kWrongResource);
  }
  return BlobRights(value_of(p, "sp"));
}

}  // namespace

BlobRights::BlobRights(std::string_view letters) {
  for (size_t i = 0; i < kLetters.size(); ++i) {
    if (letters.find(kLetters[i]) != std::string_view::npos) bits_ = static_cast<uint8_t>(bits_ | (1U << i));
  }
}

QueryParameters parse_query(std::string_view query) {
  QueryParameters out;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const size_t equals = std::min(parameter.find('='), parameter.size());
    out.emplace_back(percent_decode(parameter.substr(0, equals)),
                     percent_decode(parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  return out;
}

std::string_view value_of(const QueryParameters& parameters, std::string_view name) {
  const auto it = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  return it == parameters.end() ? std::string_view() : std::string_view(it->second);
}

bool is_signed_with(const BlobAccount& account, std::string_view text, std::string_view signature) {
  const auto expected = hmac_sha256_base64(account.key, text);
  return expected && expected->size() == signature.size() &&
         CRYPTO_memcmp(expected->data(), signature.data(), signature.size()) == 0;
}

Result<BlobRights, BlobSasError> verify_blob_sas(const QueryParameters& parameters, const BlobAccount& account,
                                                 const BlobResource& resource, UtcTime now) {
  const std::string_view version = value_of(parameters, "sv");
  if (value_of(parameters, "sig").empty() || !is_version(version)) return fail(BlobSasError::kMalformed);
  if (version < kVersionMin || !value_of(parameters, "si").empty() || !value_of(parameters, "skoid").empty() ||
      !value_of(parameters, "sip").empty()) {
    return fail(BlobSasError::kUnsupported);
  }
  if (!value_of(parameters, "ss").empty()) return verify_account(parameters, account, resource, now);
  const std::string_view kind = value_of(parameters, "sr");
  if (kind != "c" && kind != "b") return fail(kind.empty() ? BlobSasError::kMalformed : BlobSasError::kUnsupported);
  if (resource.container.empty() || (kind == "b" && resource.blob.empty())) return fail(BlobSasError::kWrongResource);
  const BlobResource covered{resource.container, kind == "b" ? resource.blob : ""};
  if (!is_signed_with(account, service_text(parameters, account, covered), value_of(parameters, "sig"))) {
    return fail(BlobSasError::kBadSignature);
  }
  if (!is_in_time(parameters, now)) return fail(BlobSasError::kTime);
  return BlobRights(value_of(parameters, "sp"));
}

std::string make_blob_sas(const BlobAccount& account, const BlobResource& resource, std::string_view permissions,
                          UtcTime expires) {
  const std::string end = format_iso8601(std::chrono::floor<std::chrono::seconds>(expires));
  const QueryParameters p = {{"sv", std::string(kOurVersion)},
                             {"spr", "https"},
                             {"se", end},
                             {"sr", resource.blob.empty() ? "c" : "b"},
                             {"sp", std::string(permissions)}};
  std::string out;
  for (const auto& [name, value] : p) out += name + "=" + percent_encode(value) + "&";
  return out +
         "sig=" + percent_encode(hmac_sha256_base64(account.key, service_text(p, account, resource)).value_or(""));
}

std::string make_account_sas(const BlobAccount& account, std::string_view permissions, UtcTime expires) {
  const QueryParameters p = {{"sv", std::string(kOurVersion)},
                             {"ss", "b"},
                             {"srt", "sco"},
                             {"spr", "https"},
                             {"se", format_iso8601(std::chrono::floor<std::chrono::seconds>(expires))},
                             {"sp", std::string(permissions)}};
  std::string out;
  for (const auto& [name, value] : p) out += name + "=" + percent_encode(value) + "&";
  return out + "sig=" + percent_encode(hmac_sha256_base64(account.key, account_text(p, account)).value_or(""));
}

}  // namespace nave::auth
