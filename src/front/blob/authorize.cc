#include "front/blob/authorize.h"

#include <algorithm>
#include <map>

#include "base/http_date.h"
#include "base/url.h"

namespace nave::front::blob {
namespace {

using auth::BlobRight;
using hub::BlobError;
using hub::BlobResult;

constexpr std::chrono::minutes kClockSkew{15};

BlobResult<Admission> one_of(auth::BlobRights rights, std::initializer_list<BlobRight> any) {
  if (std::ranges::any_of(any, [&](BlobRight r) { return rights.has(r); })) return Admission{};
  return fail(BlobError::kAuthorizationPermissionMismatch);
}

BlobResult<Admission> admit(Operation operation, auth::BlobRights rights) {
  switch (operation) {
    case Operation::kListContainers:
    case Operation::kListBlobs:
      return one_of(rights, {BlobRight::kList});
    case Operation::kServiceProperties:
    case Operation::kAccountInformation:
    case Operation::kContainerProperties:
    case Operation::kGetBlob:
    case Operation::kGetBlockList:
    case Operation::kBlobProperties:
      return one_of(rights, {BlobRight::kRead});
    case Operation::kCreateContainer:
    case Operation::kPutBlock:
      return one_of(rights, {BlobRight::kWrite, BlobRight::kCreate});
    case Operation::kPutBlob:
    case Operation::kCreateAppendBlob:
    case Operation::kPutBlockList:
      if (rights.has(BlobRight::kWrite)) return Admission{};
      if (rights.has(BlobRight::kCreate)) return Admission{.only_new = true};
      return fail(BlobError::kAuthorizationPermissionMismatch);
    case Operation::kAppendBlock:
      return one_of(rights, {BlobRight::kWrite, BlobRight::kAdd});
    case Operation::kSetContainerMetadata:
    case Operation::kSetBlobMetadata:
    case Operation::kSetBlobHeaders:
      return one_of(rights, {BlobRight::kWrite});
    case Operation::kDeleteContainer:
    case Operation::kDeleteBlob:
      return one_of(rights, {BlobRight::kDelete});
  }
  return fail(BlobError::kAuthorizationFailure);
}

// A signature of a container or blob is for its content only.
bool needs_account(Operation operation) {
  return operation == Operation::kListContainers || operation == Operation::kServiceProperties ||
         operation == Operation::kCreateContainer || operation == Operation::kDeleteContainer ||
         operation == Operation::kContainerProperties || operation == Operation::kSetContainerMetadata;
}

BlobResult<auth::BlobRights> by_signature(const BlobCall& call, const auth::BlobAccount& account, UtcTime now) {
  const auto rights = auth::verify_blob_sas(call.parameters, account, call.resource, now);
  if (!rights) {
    return fail(rights.error() == auth::BlobSasError::kWrongResource ? BlobError::kAuthorizationFailure
                                                                     : BlobError::kAuthenticationFailed);
  }
  if (needs_account(call.operation) && auth::value_of(call.parameters, "ss").empty()) {
    return fail(BlobError::kAuthorizationFailure);
  }
  return *rights;
}

BlobResult<auth::BlobRights> by_key(const BlobCall& call, const auth::BlobAccount& account, UtcTime now) {
  const std::string_view header = call.request.header("Authorization").value_or("");
  const std::string expected_name = "SharedKey " + account.name + ":";
  if (!header.starts_with(expected_name)) return fail(BlobError::kAuthenticationFailed);
  if (!auth::is_signed_with(account, shared_key_text(call.request, call.parameters, account),
                            header.substr(expected_name.size()))) {
    return fail(BlobError::kAuthenticationFailed);
  }
  // Without it a request that was overheard could be made again at any time.
  const auto date =
      parse_http_date(call.request.header("x-ms-date").value_or(call.request.header("Date").value_or("")));
  if (!date || *date < now - kClockSkew || *date > now + kClockSkew) return fail(BlobError::kAuthenticationFailed);
  return auth::BlobRights::all();
}

}  // namespace

std::string shared_key_text(const net::HttpRequest& request, const auth::QueryParameters& parameters,
                            const auth::BlobAccount& account) {
  std::string out = request.method + "\n";
  for (const char* name : {"Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type",
                           "Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"}) {
    const std::string_view value = request.header(name).value_or("");
    const bool no_length = std::string_view(name) == "Content-Length" && value == "0";
    if (!no_length) out += value;
    out += '\n';
  }
  std::map<std::string, std::string> canonical;
  for (const auto& [name, value] : request.headers) {
    if (std::string lower = to_lower(name); lower.starts_with("x-ms-")) canonical[std::move(lower)] = value;
  }
  for (const auto& [name, value] : canonical) out += name + ":" + value + "\n";
  out += "/" + account.name + std::string(request.path());
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [name, value] : parameters) values[to_lower(name)].push_back(value);
  for (auto& [name, list] : values) {
    std::ranges::sort(list);
    out += "\n" + name + ":";
    for (size_t i = 0; i < list.size(); ++i) out += (i > 0 ? "," : "") + list[i];
  }
  return out;
}

BlobResult<Admission> authorize(const BlobCall& call, const auth::BlobAccount& account, UtcTime now) {
  const bool signature = !auth::value_of(call.parameters, "sig").empty();
  const auto rights = signature ? by_signature(call, account, now) : by_key(call, account, now);
  if (!rights) return fail(rights.error());
  return admit(call.operation, *rights);
}

}  // namespace nave::front::blob
