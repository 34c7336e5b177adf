#include "front/blob/api.h"

#include <utility>

#include "base/log.h"

namespace nave::front::blob {

using hub::BlobError;

BlobApi::BlobApi(BlobServices services, Metrics& metrics, net::HttpHandler& next)
    : services_(std::move(services)),
      requests_(metrics.counter("nave_blob_requests", "Requests to the Blob service")),
      refused_(metrics.counter("nave_blob_requests_refused", "Requests to the Blob service that were not let in")),
      received_(metrics.counter("nave_blob_bytes_received", "Bytes of contents that were written")),
      sent_(metrics.counter("nave_blob_bytes_sent", "Bytes of contents that were read")),
      next_(next) {}

bool BlobApi::is_ours(const net::HttpRequest& request) const {
  return is_below_account(request.path(), services_.account.name);
}

// Limits are checked where they can be answered in the words of this service, after who is asking.
net::HttpBodyPlan BlobApi::plan_body(const net::HttpRequest& head) const {
  if (!is_ours(head)) return next_.plan_body(head);
  return {.bytes_max = UINT64_MAX, .in_pieces = true};
}

std::unique_ptr<BlobApi::Admitted> BlobApi::admit(net::HttpRequest request, const ShardContext& shard,
                                                  net::HttpResponder respond) {
  requests_.add();
  BlobReply reply(std::move(respond), request, shard.clock);
  const std::string address = request.peer.address;
  const auto refuse = [&](BlobError error) {
    refused_.add();
    reply.error(error);
    return nullptr;
  };
  auto call = parse_call(std::move(request), services_.account.name);
  if (!call) return refuse(call.error());
  const auto admission = authorize(*call, services_.account, shard.clock.utc());
  if (!admission) {
    log::write_limited(log::Level::kWarning, log::Category::kConnections, "blob-refused",
                       "a request to the Blob service was refused",
                       {{"address", address}, {"reason", hub::row(admission.error()).name}});
    return refuse(admission.error());
  }
  return std::make_unique<Admitted>(Admitted{*std::move(call), *admission, shard, std::move(reply)});
}

void BlobApi::handle(net::HttpRequest request, const ShardContext& shard, net::HttpResponder respond) {
  if (!is_ours(request)) return next_.handle(std::move(request), shard, std::move(respond));
  if (auto call = admit(std::move(request), shard, std::move(respond))) run(std::move(call));
}

}  // namespace nave::front::blob
