#include "front/blob/reply.h"

#include "base/http_date.h"
#include "base/random.h"
#include "front/blob/xml.h"

namespace nave::front::blob {
namespace {

constexpr size_t kEchoedBytesMax = 1024;
constexpr std::string_view kVersion = "2020-10-02";

std::string echoed(const net::HttpRequest& request, std::string_view name, std::string_view otherwise) {
  const std::string_view value = request.header(name).value_or("");
  return std::string(value.empty() || value.size() > kEchoedBytesMax ? otherwise : value);
}

void add_unless_empty(Headers& headers, const char* name, const std::string& value) {
  if (!value.empty()) headers.emplace_back(name, value);
}

}  // namespace

BlobReply::BlobReply(net::HttpResponder respond, const net::HttpRequest& request, const Clock& clock)
    : respond_(std::move(respond)),
      clock_(&clock),
      version_(echoed(request, "x-ms-version", kVersion)),
      client_request_id_(echoed(request, "x-ms-client-request-id", "")),
      request_id_(random_uuid()) {}

void BlobReply::send(int status, Headers headers) {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  send(std::move(response));
}

void BlobReply::xml(std::string body) {
  net::HttpResponse response;
  response.headers.emplace_back("Content-Type", "application/xml");
  response.body = std::move(body);
  send(std::move(response));
}

void BlobReply::error(hub::BlobError error, Headers headers) {
  const hub::BlobErrorRow& row = hub::row(error);
  net::HttpResponse response;
  response.status = row.http_status;
  response.headers = std::move(headers);
  response.headers.emplace_back("x-ms-error-code", row.name);
  response.headers.emplace_back("Content-Type", "application/xml");
  response.body = error_document(row, request_id_, clock_->utc());
  send(std::move(response));
}

void BlobReply::send(net::HttpResponse response) {
  response.headers.emplace_back("x-ms-request-id", request_id_);
  response.headers.emplace_back("x-ms-version", version_);
  add_unless_empty(response.headers, "x-ms-client-request-id", client_request_id_);
  respond_(std::move(response));
}

Headers change_headers(uint64_t etag, UtcTime modified) {
  return {{"ETag", hub::blob_etag_text(etag)}, {"Last-Modified", format_http_date(modified)}};
}

Headers blob_headers(const hub::Blob& b) {
  Headers out = change_headers(b.etag, b.modified);
  out.emplace_back("Content-Type", b.headers.content_type);
  add_unless_empty(out, "Content-Encoding", b.headers.content_encoding);
  add_unless_empty(out, "Content-Language", b.headers.content_language);
  add_unless_empty(out, "Content-Disposition", b.headers.content_disposition);
  add_unless_empty(out, "Cache-Control", b.headers.cache_control);
  for (const auto& [name, value] : b.metadata) out.emplace_back("x-ms-meta-" + name, value);
  out.emplace_back("Accept-Ranges", "bytes");
  out.emplace_back("x-ms-blob-type", b.kind == hub::BlobKind::kBlock ? "BlockBlob" : "AppendBlob");
  out.emplace_back("x-ms-creation-time", format_http_date(b.created));
  out.emplace_back("x-ms-lease-status", "unlocked");
  out.emplace_back("x-ms-lease-state", "available");
  out.emplace_back("x-ms-server-encrypted", "false");
  if (b.kind == hub::BlobKind::kAppend) {
    out.emplace_back("x-ms-blob-committed-block-count", std::to_string(b.appends));
  }
  return out;
}

}  // namespace nave::front::blob
