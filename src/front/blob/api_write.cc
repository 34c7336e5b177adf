// What writes: contents that arrive in pieces, and changes.
#include <charconv>
#include <deque>

#include "front/blob/api.h"
#include "front/blob/xml.h"
#include "hub/blob/limits.h"

namespace nave::front::blob {
namespace {

using hub::BlobError;

std::optional<uint64_t> number_header(const net::HttpRequest& request, std::string_view name, bool& bad) {
  const auto text = request.header(name);
  if (!text) return {};
  uint64_t out = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (problem != std::errc() || end != text->data() + text->size()) bad = true;
  return out;
}

uint64_t bytes_max(Operation operation) {
  switch (operation) {
    case Operation::kPutBlob:
    case Operation::kPutBlock:
      return hub::kBlobBodyBytesMax;
    case Operation::kAppendBlock:
      return hub::kBlobAppendBytesMax;
    case Operation::kPutBlockList:
      return hub::kBlobXmlBytesMax;
    default:
      return hub::kBlobOtherBodyBytesMax;
  }
}

std::pair<int, Headers> changed(int status, uint64_t etag, UtcTime modified) {
  Headers headers = change_headers(etag, modified);
  headers.emplace_back("x-ms-request-server-encrypted", "false");
  return {status, std::move(headers)};
}

std::pair<int, Headers> changed(int status, const hub::Blob& blob) {
  return changed(status, blob.etag, blob.modified);
}

}  // namespace

// A content on its way in. The shard owns all of it but `upload` and `problem`, which are the worker's.
struct BlobApi::Content : std::enable_shared_from_this<BlobApi::Content> {
  Content(BlobApi& a, std::unique_ptr<Admitted> c, UniqueFunction<void()> m)
      : api(a),
        call(std::move(c)),
        more(std::move(m)),
        shard(call->shard.executor),
        upload(api.services_.storage.begin()),
        count(api.uploads_) {}
  ~Content() { --*count; }

  void refuse(BlobError error) {
    if (call) call->reply.error(error);
    call.reset();
  }

  [[nodiscard]] bool take(ByteView bytes) {
    if (!call) return true;  // refused; what still comes is of no interest
    received += bytes.size();
    if (received > bytes_max(call->call.operation)) {
      refuse(BlobError::kRequestBodyTooLarge);
      return true;
    }
    pending += bytes.size();
    api.services_.worker.post([self = shared_from_this(), piece = std::string(bytes)]() mutable {
      if (!self->problem) {
        if (const auto ok = self->upload->write(piece); !ok) self->problem = ok.error();
      }
      Executor& back = self->shard;
      const std::optional<BlobError> with = self->problem;
      back.post([self = std::move(self), size = piece.size(), with] { self->written(size, with); });
    });
    full = pending > hub::kBlobUploadPendingMax;
    return !full;
  }

  void written(size_t size, std::optional<BlobError> with) {
    pending -= size;
    if (with && !ended) refuse(*with);
    if (full && pending <= hub::kBlobUploadPendingMax / 2) {
      full = false;
      more();
    }
  }

  void end() {
    ended = true;
    if (!call) return;
    api.received_.add(received);
    api.services_.worker.post([self = shared_from_this(), c = std::move(call)]() mutable {
      Outcome outcome = self->problem ? Outcome(fail(*self->problem)) : self->api.store(*c, self->upload);
      answer(std::move(c), std::move(outcome));
    });
  }

  BlobApi& api;
  std::unique_ptr<Admitted> call;  // nullptr: it was answered, or will be by the worker
  UniqueFunction<void()> more;
  Executor& shard;
  uint64_t received = 0;
  size_t pending = 0;
  bool full = false;
  bool ended = false;
  std::shared_ptr<hub::BlobUpload> upload;
  std::optional<BlobError> problem;
  std::shared_ptr<std::atomic<size_t>> count;
};

// Contents go to their file; the few other bodies are collected.
class BlobApi::Taker final : public net::HttpBodyTaker {
 public:
  Taker(BlobApi& api, std::unique_ptr<Admitted> call, UniqueFunction<void()> more) : api_(api) {
    if (has_content(call->call.operation)) {
      content_ = api.make_content(std::move(call), std::move(more));
    } else {
      call_ = std::move(call);
    }
  }
  ~Taker() override {
    if (!content_ || content_->ended) return;
    content_->call.reset();
    Executor& worker = api_.services_.worker;
    worker.post([content = std::move(content_)] {});  // removing its file is the worker's
  }

  bool take(ByteView bytes) override {
    if (content_) return content_->take(bytes);
    if (!call_) return true;
    std::string& body = call_->call.request.body;
    if (body.size() + bytes.size() > bytes_max(call_->call.operation)) {
      call_->reply.error(BlobError::kRequestBodyTooLarge);
      call_.reset();
      return true;
    }
    body += bytes;
    return true;
  }

  void end() override {
    if (content_) return content_->end();
    if (call_) api_.run(std::move(call_));
  }

 private:
  BlobApi& api_;
  std::shared_ptr<Content> content_;
  std::unique_ptr<Admitted> call_;
};

std::shared_ptr<BlobApi::Content> BlobApi::make_content(std::unique_ptr<Admitted> call, UniqueFunction<void()> more) {
  ++*uploads_;
  return std::make_shared<Content>(*this, std::move(call), std::move(more));
}

std::unique_ptr<net::HttpBodyTaker> BlobApi::take_body(net::HttpRequest head, const ShardContext& shard,
                                                       net::HttpResponder respond, UniqueFunction<void()> more) {
  if (!is_ours(head)) return next_.take_body(std::move(head), shard, std::move(respond), std::move(more));
  auto call = admit(std::move(head), shard, std::move(respond));
  if (!call) return nullptr;
  bool bad = false;
  const auto announced = number_header(call->call.request, "Content-Length", bad);
  if (announced && *announced > bytes_max(call->call.operation)) {
    call->reply.error(BlobError::kRequestBodyTooLarge);
    return nullptr;
  }
  if (uploads_->load() >= hub::kBlobUploadsMax) {
    call->reply.error(BlobError::kServerBusy);
    return nullptr;
  }
  return std::make_unique<Taker>(*this, std::move(call), std::move(more));
}

void BlobApi::run(std::unique_ptr<Admitted> call) {
  switch (call->call.operation) {
    case Operation::kGetBlob:
    case Operation::kBlobProperties:
      return get_blob(std::move(call));
    case Operation::kPutBlob:
    case Operation::kPutBlock:
    case Operation::kAppendBlock:
      return make_content(std::move(call), nullptr)->end();  // of no bytes
    case Operation::kListContainers:
    case Operation::kListBlobs:
    case Operation::kGetBlockList:
    case Operation::kServiceProperties:
      services_.worker.post([this, call = std::move(call)]() mutable {
        auto document = read_document(*call);
        Executor& shard = call->shard.executor;
        shard.post([call = std::move(call), document = std::move(document)]() mutable {
          document ? call->reply.xml(*std::move(document)) : call->reply.error(document.error());
        });
      });
      return;
    default:
      break;
  }
  const bool slow =
      call->call.operation == Operation::kPutBlockList || call->call.operation == Operation::kDeleteContainer;
  Executor& worker = slow ? services_.joiner : services_.worker;
  worker.post([this, call = std::move(call)]() mutable {
    Outcome outcome = change(*call);
    answer(std::move(call), std::move(outcome));
  });
}

void BlobApi::answer(std::unique_ptr<Admitted> call, Outcome outcome) {
  Executor& shard = call->shard.executor;
  shard.post([call = std::move(call), outcome = std::move(outcome)]() mutable {
    if (!outcome) return call->reply.error(outcome.error());
    call->reply.send(outcome->first, std::move(outcome->second));
  });
}

hub::BlobResult<hub::BlobPut> BlobApi::put_of(const Admitted& admitted) const {
  const BlobCall& call = admitted.call;
  hub::BlobPut out{call.resource.container,    call.resource.blob, headers_of(call.request), {}, {},
                   admitted.admission.only_new};
  auto metadata = metadata_of(call.request);
  if (!metadata) return fail(metadata.error());
  out.metadata = *std::move(metadata);
  auto conditions = conditions_of(call.request);
  if (!conditions) return fail(conditions.error());
  out.conditions = *std::move(conditions);
  return out;
}

BlobApi::Outcome BlobApi::store(Admitted& admitted, const std::shared_ptr<hub::BlobUpload>& upload) const {
  const BlobCall& call = admitted.call;
  const auto& [container, name] = call.resource;
  if (const auto finished = upload->finish(); !finished) return fail(finished.error());
  const std::string_view expected = call.request.header("Content-MD5").value_or("");
  if (!expected.empty() && expected != upload->md5()) return fail(BlobError::kMd5Mismatch);
  std::pair<int, Headers> out;
  if (call.operation == Operation::kPutBlock) {
    const std::string id(auth::value_of(call.parameters, "blockid"));
    if (!hub::is_block_id(id)) return fail(BlobError::kInvalidBlockId);
    if (const auto staged = services_.storage.stage(container, name, id, upload); !staged) return fail(staged.error());
    out = {201, {{"x-ms-request-server-encrypted", "false"}}};
  } else if (call.operation == Operation::kAppendBlock) {
    bool bad = false;
    hub::BlobAppend append{container,
                           name,
                           {},
                           number_header(call.request, "x-ms-blob-condition-appendpos", bad),
                           number_header(call.request, "x-ms-blob-condition-maxsize", bad)};
    if (bad) return fail(BlobError::kInvalidHeaderValue);
    auto conditions = conditions_of(call.request);
    if (!conditions) return fail(conditions.error());
    append.conditions = *std::move(conditions);
    const auto bytes = upload->read(0, upload->size());
    if (!bytes) return fail(BlobError::kInternalError);
    const auto blob = services_.storage.append(append, *bytes);
    if (!blob) return fail(blob.error());
    out = changed(201, *blob);
    out.second.emplace_back("x-ms-blob-append-offset", std::to_string(blob->size - bytes->size()));
    out.second.emplace_back("x-ms-blob-committed-block-count", std::to_string(blob->appends));
  } else {
    auto put = put_of(admitted);
    if (!put) return fail(put.error());
    if (call.request.header("x-ms-blob-content-type").value_or("").empty()) {
      if (const auto type = call.request.header("Content-Type")) put->headers.content_type = *type;
    }
    put->headers.content_md5 = upload->md5();
    const auto blob = services_.storage.put(*std::move(put), upload);
    if (!blob) return fail(blob.error());
    out = changed(201, *blob);
  }
  out.second.emplace_back("Content-MD5", upload->md5());
  return out;
}

BlobApi::Outcome BlobApi::change(Admitted& admitted) const {
  const BlobCall& call = admitted.call;
  const auto& [container, name] = call.resource;
  hub::BlobStorage& storage = services_.storage;
  auto put = put_of(admitted);
  if (!put) return fail(put.error());
  const auto of_blob = [](int status, const hub::BlobResult<hub::Blob>& blob) -> Outcome {
    if (!blob) return fail(blob.error());
    return changed(status, *blob);
  };
  const auto of_container = [](int status, const hub::BlobResult<hub::BlobContainer>& c) -> Outcome {
    if (!c) return fail(c.error());
    return changed(status, c->etag, c->modified);
  };
  const auto gone = [](const hub::BlobResult<void>& removed) -> Outcome {
    if (!removed) return fail(removed.error());
    return std::pair<int, Headers>(202, {});
  };
  switch (call.operation) {
    case Operation::kCreateContainer:
      return of_container(201, storage.create_container(container, std::move(put->metadata)));
    case Operation::kSetContainerMetadata:
      return of_container(200, storage.set_container_metadata(container, std::move(put->metadata)));
    case Operation::kDeleteContainer:
      return gone(storage.remove_container(container));
    case Operation::kDeleteBlob:
      return gone(storage.remove(container, name, put->conditions));
    case Operation::kContainerProperties: {
      const auto found = storage.find_container(container);
      Outcome out = of_container(200, found);
      if (!out) return out;
      for (const auto& [key, value] : found->metadata) out->second.emplace_back("x-ms-meta-" + key, value);
      out->second.emplace_back("x-ms-lease-status", "unlocked");
      out->second.emplace_back("x-ms-lease-state", "available");
      return out;
    }
    case Operation::kAccountInformation:
      return std::pair<int, Headers>(200, {{"x-ms-sku-name", "Standard_LRS"}, {"x-ms-account-kind", "StorageV2"}});
    case Operation::kCreateAppendBlob:
      return of_blob(201, storage.create_append(*std::move(put)));
    case Operation::kSetBlobMetadata:
      return of_blob(200, storage.set_metadata(*std::move(put)));
    case Operation::kSetBlobHeaders:
      return of_blob(200, storage.set_headers(*std::move(put)));
    case Operation::kPutBlockList: {
      const auto choices = read_block_list(call.request.body);
      if (!choices) return fail(choices.error());
      return of_blob(201, storage.commit(*std::move(put), *choices));
    }
    default:
      return fail(BlobError::kNotImplemented);
  }
}

}  // namespace nave::front::blob
