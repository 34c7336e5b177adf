// What reads: contents in pieces, and documents.
#include <algorithm>
#include <charconv>

#include "front/blob/api.h"
#include "front/blob/xml.h"
#include "hub/blob/limits.h"

namespace nave::front::blob {
namespace {

using hub::BlobError;

// A content on its way out. Files are read on the worker.
class FileSource final : public net::HttpBodySource {
 public:
  FileSource(std::shared_ptr<hub::BlobFile> file, uint64_t first, uint64_t left, Executor& worker, Executor& shard,
             Counter& sent)
      : file_(std::move(file)), at_(first), left_(left), worker_(worker), shard_(shard), sent_(sent) {}

  void next(UniqueFunction<void(std::optional<std::string>)> reply) override {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(left_, hub::kBlobPieceBytes));
    const uint64_t at = at_;
    at_ += wanted;
    left_ -= wanted;
    sent_.add(wanted);
    worker_.post([file = file_, at, wanted, &shard = shard_, reply = std::move(reply)]() mutable {
      std::optional<std::string> piece(std::string(wanted, '\0'));
      if (file->read_at(at, *piece) != wanted) piece.reset();
      shard.post([piece = std::move(piece), reply = std::move(reply)]() mutable { reply(std::move(piece)); });
    });
  }

 private:
  const std::shared_ptr<hub::BlobFile> file_;
  uint64_t at_;
  uint64_t left_;
  Executor& worker_;
  Executor& shard_;
  Counter& sent_;
};

void override_header(Headers& headers, const char* name, std::string_view value) {
  if (value.empty()) return;
  std::erase_if(headers, [name](const auto& h) { return h.first == name; });
  headers.emplace_back(name, value);
}

// A signature may say with which headers a content is given out.
void apply_overrides(Headers& headers, const auth::QueryParameters& p) {
  override_header(headers, "Cache-Control", auth::value_of(p, "rscc"));
  override_header(headers, "Content-Disposition", auth::value_of(p, "rscd"));
  override_header(headers, "Content-Encoding", auth::value_of(p, "rsce"));
  override_header(headers, "Content-Language", auth::value_of(p, "rscl"));
  override_header(headers, "Content-Type", auth::value_of(p, "rsct"));
}

net::HttpResponse head_of(const hub::Blob& blob, const BlobCall& call, const std::optional<ByteRange>& range) {
  net::HttpResponse out;
  out.headers = blob_headers(blob);
  apply_overrides(out.headers, call.parameters);
  const std::string& md5 = blob.headers.content_md5;
  if (!range) {
    if (!md5.empty()) out.headers.emplace_back("Content-MD5", md5);
    out.length = blob.size;
    return out;
  }
  if (!md5.empty()) out.headers.emplace_back("x-ms-blob-content-md5", md5);
  out.status = 206;
  out.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                                std::to_string(range->last) + "/" + std::to_string(blob.size));
  out.length = range->last - range->first + 1;
  return out;
}

hub::BlobResult<ListRequest> list_request(const BlobCall& call, const std::string& account) {
  const auto at = [&call](std::string_view name) { return std::string(auth::value_of(call.parameters, name)); };
  ListRequest out;
  out.endpoint = "https://" + std::string(call.request.header("Host").value_or("")) + "/" + account + "/";
  out.prefix = at("prefix");
  out.delimiter = at("delimiter");
  out.marker = at("marker");
  out.with_metadata = at("include").find("metadata") != std::string::npos;
  if (const std::string top = at("maxresults"); !top.empty()) {
    const auto [end, problem] = std::from_chars(top.data(), top.data() + top.size(), out.top);
    if (problem != std::errc() || end != top.data() + top.size() || out.top == 0) {
      return fail(BlobError::kInvalidQueryParameterValue);
    }
    out.top = std::min(out.top, hub::kBlobListMax);
  }
  return out;
}

}  // namespace

void BlobApi::get_blob(std::unique_ptr<Admitted> call) {
  const auto conditions = conditions_of(call->call.request);
  if (!conditions) return call->reply.error(conditions.error());
  const auto& [container, name] = call->call.resource;
  const auto blob = services_.storage.find(container, name);
  if (!blob) return call->reply.error(blob.error());
  const auto wanted = conditions->check_read(*blob);
  if (!wanted) return call->reply.error(wanted.error());
  if (!*wanted) return call->reply.send(304, change_headers(blob->etag, blob->modified));
  if (call->call.operation == Operation::kBlobProperties) {
    net::HttpResponse response = head_of(*blob, call->call, {});
    if (call->call.request.method != "HEAD") response.length = 0;  // metadata alone
    return call->reply.send(std::move(response));
  }
  const auto range = range_of(call->call.request, blob->size);
  if (!range) return call->reply.error(range.error(), {{"Content-Range", "bytes */" + std::to_string(blob->size)}});
  services_.worker.post([this, call = std::move(call), blob = *blob, range = *range]() mutable {
    auto file = services_.storage.open(blob);
    Executor& shard = call->shard.executor;
    shard.post([this, call = std::move(call), blob = std::move(blob), range, file = std::move(file)]() mutable {
      if (!file) return call->reply.error(file.error());
      net::HttpResponse response = head_of(blob, call->call, range);
      response.source = std::make_unique<FileSource>(*std::move(file), range ? range->first : 0, *response.length,
                                                     services_.worker, call->shard.executor, sent_);
      call->reply.send(std::move(response));
    });
  });
}

hub::BlobResult<std::string> BlobApi::read_document(const Admitted& admitted) const {
  const BlobCall& call = admitted.call;
  const auto& [container, name] = call.resource;
  if (call.operation == Operation::kServiceProperties) return service_properties_document();
  if (call.operation == Operation::kGetBlockList) {
    const auto blocks = services_.storage.blocks(container, name);
    if (!blocks) return fail(blocks.error());
    return block_list_document(*blocks, auth::value_of(call.parameters, "blocklisttype"));
  }
  const auto request = list_request(call, services_.account.name);
  if (!request) return fail(request.error());
  const auto from = read_marker(request->marker);
  if (!from) return fail(BlobError::kInvalidQueryParameterValue);
  if (call.operation == Operation::kListContainers) {
    const auto [containers, next] = services_.storage.list_containers(request->prefix, *from, request->top);
    return container_list_document(*request, containers, next);
  }
  const auto list = services_.storage.list(container, request->prefix, request->delimiter, *from, request->top);
  if (!list) return fail(list.error());
  return blob_list_document(container, *request, *list);
}

}  // namespace nave::front::blob
