#include "front/blob/request.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/http_date.h"
#include "base/url.h"

namespace nave::front::blob {
namespace {

using hub::BlobError;
using hub::BlobResult;

constexpr std::string_view kMetadataPrefix = "x-ms-meta-";

struct Row {
  std::string_view method;
  std::string_view restype;
  std::string_view comp;
  Operation operation;
};

constexpr Row kServiceRows[] = {
    {"GET", "", "list", Operation::kListContainers},
    {"GET", "service", "properties", Operation::kServiceProperties},
    {"GET", "account", "properties", Operation::kAccountInformation},
    {"HEAD", "account", "properties", Operation::kAccountInformation},
};
constexpr Row kContainerRows[] = {
    {"PUT", "container", "", Operation::kCreateContainer},
    {"DELETE", "container", "", Operation::kDeleteContainer},
    {"GET", "container", "", Operation::kContainerProperties},
    {"HEAD", "container", "", Operation::kContainerProperties},
    {"GET", "container", "metadata", Operation::kContainerProperties},
    {"HEAD", "container", "metadata", Operation::kContainerProperties},
    {"PUT", "container", "metadata", Operation::kSetContainerMetadata},
    {"GET", "container", "list", Operation::kListBlobs},
    {"GET", "account", "properties", Operation::kAccountInformation},
};
constexpr Row kBlobRows[] = {
    {"PUT", "", "", Operation::kPutBlob},
    {"PUT", "", "block", Operation::kPutBlock},
    {"PUT", "", "blocklist", Operation::kPutBlockList},
    {"PUT", "", "appendblock", Operation::kAppendBlock},
    {"PUT", "", "metadata", Operation::kSetBlobMetadata},
    {"PUT", "", "properties", Operation::kSetBlobHeaders},
    {"GET", "", "", Operation::kGetBlob},
    {"GET", "", "blocklist", Operation::kGetBlockList},
    {"GET", "", "metadata", Operation::kBlobProperties},
    {"HEAD", "", "", Operation::kBlobProperties},
    {"HEAD", "", "metadata", Operation::kBlobProperties},
    {"DELETE", "", "", Operation::kDeleteBlob},
    {"GET", "account", "properties", Operation::kAccountInformation},
};

BlobResult<Operation> find_row(const BlobCall& call, const Row* rows, size_t count) {
  const std::string_view restype = auth::value_of(call.parameters, "restype");
  const std::string_view comp = auth::value_of(call.parameters, "comp");
  for (size_t i = 0; i < count; ++i) {
    if (rows[i].method == call.request.method && rows[i].restype == restype && rows[i].comp == comp) {
      return rows[i].operation;
    }
  }
  return fail(BlobError::kNotImplemented);
}

BlobResult<Operation> operation_of(const BlobCall& call) {
  // What would be taken for the blob itself if it were passed over.
  for (const char* name : {"snapshot", "versionid"}) {
    if (!auth::value_of(call.parameters, name).empty()) return fail(BlobError::kNotImplemented);
  }
  if (call.resource.container.empty()) return find_row(call, kServiceRows, std::size(kServiceRows));
  if (call.resource.blob.empty()) return find_row(call, kContainerRows, std::size(kContainerRows));
  auto found = find_row(call, kBlobRows, std::size(kBlobRows));
  if (!found || found != Operation::kPutBlob) return found;
  const std::string_view type = call.request.header("x-ms-blob-type").value_or("");
  if (call.request.header("x-ms-copy-source")) return fail(BlobError::kNotImplemented);
  if (type == "AppendBlob") return Operation::kCreateAppendBlob;
  if (type.empty()) return fail(BlobError::kMissingRequiredHeader);
  if (type != "BlockBlob") return fail(BlobError::kNotImplemented);
  return found;
}

std::string text(const net::HttpRequest& request, std::string_view name) {
  return std::string(request.header(name).value_or(""));
}

std::optional<uint64_t> number(std::string_view digits) {
  uint64_t out = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (problem != std::errc() || end != digits.data() + digits.size()) return {};
  return out;
}

}  // namespace

bool is_below_account(std::string_view path, std::string_view account) {
  if (!path.starts_with('/') || path.substr(1, account.size()) != account) return false;
  return path.size() == account.size() + 1 || path[account.size() + 1] == '/';
}

BlobResult<BlobCall> parse_call(net::HttpRequest request, std::string_view account) {
  BlobCall out;
  out.request = std::move(request);
  out.parameters = auth::parse_query(out.request.query());
  std::string_view rest = out.request.path().substr(account.size() + 1);
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  out.resource.container = percent_decode(rest.substr(0, slash));
  out.resource.blob = percent_decode(rest.substr(std::min(slash + 1, rest.size())));
  if (out.resource.container.empty() && !out.resource.blob.empty()) return fail(BlobError::kInvalidUri);
  if (!out.resource.container.empty() && !hub::is_container_name(out.resource.container)) {
    return fail(BlobError::kInvalidResourceName);
  }
  if (!out.resource.blob.empty() && !hub::is_blob_name(out.resource.blob)) return fail(BlobError::kInvalidResourceName);
  const auto operation = operation_of(out);
  if (!operation) return fail(operation.error());
  out.operation = *operation;
  return out;
}

bool has_content(Operation operation) {
  return operation == Operation::kPutBlob || operation == Operation::kPutBlock || operation == Operation::kAppendBlock;
}

BlobResult<hub::BlobConditions> conditions_of(const net::HttpRequest& request) {
  hub::BlobConditions out;
  const auto at = [&request](std::string_view name) -> std::optional<std::string> {
    const auto value = request.header(name);
    if (!value || value->empty()) return {};
    return std::string(*value);
  };
  out.if_match = at("If-Match");
  out.if_none_match = at("If-None-Match");
  for (const auto& [name, field] : {std::pair("If-Modified-Since", &out.if_modified_since),
                                    std::pair("If-Unmodified-Since", &out.if_unmodified_since)}) {
    if (const auto value = at(name)) {
      *field = parse_http_date(*value);
      if (!*field) return fail(BlobError::kInvalidHeaderValue);
    }
  }
  return out;
}

BlobResult<hub::BlobMetadata> metadata_of(const net::HttpRequest& request) {
  hub::BlobMetadata out;
  for (const auto& [name, value] : request.headers) {
    if (name.size() > kMetadataPrefix.size() &&
        equals_ignore_case(std::string_view(name).substr(0, kMetadataPrefix.size()), kMetadataPrefix)) {
      out[name.substr(kMetadataPrefix.size())] = value;
    }
  }
  if (!hub::is_metadata(out)) return fail(BlobError::kInvalidMetadata);
  return out;
}

hub::BlobHeaders headers_of(const net::HttpRequest& request) {
  hub::BlobHeaders out;
  if (std::string type = text(request, "x-ms-blob-content-type"); !type.empty()) out.content_type = std::move(type);
  out.content_encoding = text(request, "x-ms-blob-content-encoding");
  out.content_language = text(request, "x-ms-blob-content-language");
  out.content_disposition = text(request, "x-ms-blob-content-disposition");
  out.cache_control = text(request, "x-ms-blob-cache-control");
  out.content_md5 = text(request, "x-ms-blob-content-md5");
  return out;
}

BlobResult<std::optional<ByteRange>> range_of(const net::HttpRequest& request, uint64_t size) {
  std::string_view range = request.header("x-ms-range").value_or(request.header("Range").value_or(""));
  constexpr std::string_view kUnit = "bytes=";
  if (!range.starts_with(kUnit)) return std::nullopt;
  range.remove_prefix(kUnit.size());
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(range.substr(0, dash));
  const auto last = dash + 1 == range.size() ? std::optional(UINT64_MAX) : number(range.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;  // such a header is as none (RFC 9110 §14.2)
  if (*first >= size) return fail(BlobError::kInvalidRange);
  return ByteRange{*first, std::min(*last, size - 1)};
}

}  // namespace nave::front::blob
