#include "front/http/telemetry_routes.h"

#include <memory>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "front/http/telemetry_request.h"

namespace nave::front::http {
namespace {

using hub::Error;
using hub::ErrorCode;
using hub::HubResult;

// The requests of one shard that wait for the disk.
class TelemetryDesk final : public hub::TelemetrySink {
 public:
  TelemetryDesk(hub::SessionDirectory& directory, hub::Ingest& ingest) : directory_(directory), ingest_(ingest) {}
  ~TelemetryDesk() override {
    if (sink_ != 0) ingest_.detach(sink_);
  }
  TelemetryDesk(const TelemetryDesk&) = delete;
  TelemetryDesk& operator=(const TelemetryDesk&) = delete;

  void take(Call call);
  void on_telemetry_done(uint64_t request, bool ok) override;

 private:
  struct Waiting {
    Reply reply;
    size_t messages_left;
  };
  // Submits what the request carries: how many messages, or why nothing is answered for.
  [[nodiscard]] HubResult<size_t> submit_single(const Call& call, const hub::TelemetryOrigin& origin);
  [[nodiscard]] HubResult<size_t> submit_batch(const Call& call, const hub::TelemetryOrigin& origin);
  [[nodiscard]] HubResult<void> check_batch(const json::Array& items);

  hub::SessionDirectory& directory_;
  hub::Ingest& ingest_;
  uint64_t sink_ = 0;  // attached with the first request, on the shard
  uint64_t last_request_ = 0;
  std::unordered_map<uint64_t, Waiting> waiting_;
  TelemetryRequestReader reader_;
  hub::EventView event_;
};

void TelemetryDesk::take(Call call) {
  if (sink_ == 0) sink_ = ingest_.attach(*this);
  ++last_request_;
  const hub::DeviceGrant& device = *call.device;
  const auto origin = hub::telemetry_origin(device, ingest_.partition_of_device(device.identity.key.device));
  const auto submitted = is_telemetry_batch(call.request) ? submit_batch(call, origin) : submit_single(call, origin);
  if (!submitted) {
    log::write_limited(log::Level::kWarning, log::Category::kDeviceTelemetry, "http.telemetry",
                       "an HTTPS message was refused",
                       {{"deviceId", device.identity.key.text()}, {"reason", submitted.error().message}});
    call.reply.error(submitted.error());
    return;
  }
  directory_.note_activity(device.identity);
  if (*submitted == 0) {
    call.reply.empty(204);
  } else {
    waiting_.emplace(last_request_, Waiting{std::move(call.reply), *submitted});
  }
}

HubResult<size_t> TelemetryDesk::submit_single(const Call& call, const hub::TelemetryOrigin& origin) {
  auto ok = reader_.read_single(call.request, event_);
  if (ok) ok = ingest_.submit(event_, origin, sink_, last_request_);
  if (!ok) return fail(std::move(ok.error()));
  return 1;
}

// First everything is looked at, then everything is taken. Only a full log can stop it half way: then the client is
// told to send again, and what was taken already arrives twice, as it may.
HubResult<size_t> TelemetryDesk::submit_batch(const Call& call, const hub::TelemetryOrigin& origin) {
  const auto items = parse_telemetry_batch(call.request.body);
  if (!items) return fail(items.error());
  HubResult<void> ok = check_batch(*items);
  for (auto item = items->begin(); ok && item != items->end(); ++item) {
    ok = reader_.read_item(*item, event_);
    if (ok) ok = ingest_.submit(event_, origin, sink_, last_request_);
  }
  if (!ok) return fail(std::move(ok.error()));
  return items->size();
}

HubResult<void> TelemetryDesk::check_batch(const json::Array& items) {
  size_t bytes = 0;
  for (const json::Value& item : items) {
    if (auto ok = reader_.read_item(item, event_); !ok) return ok;
    bytes += hub::metered_size(event_);
    if (bytes > limits::kD2cMessageBytesMax) return fail(Error(ErrorCode::kMessageTooLarge));
  }
  return {};
}

void TelemetryDesk::on_telemetry_done(uint64_t request, bool ok) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) return;  // answered already
  Waiting& waiting = found->second;
  if (ok && --waiting.messages_left > 0) return;
  if (ok) {
    waiting.reply.empty(204);
  } else {
    waiting.reply.error(ErrorCode::kServerError);
  }
  waiting_.erase(found);
}

}  // namespace

std::vector<Route> telemetry_routes(hub::SessionDirectory& directory, std::vector<hub::Ingest*> ingests) {
  // Shared by the copies of the handler.
  auto desks = std::make_shared<std::vector<std::unique_ptr<TelemetryDesk>>>();
  for (hub::Ingest* ingest : ingests) desks->push_back(std::make_unique<TelemetryDesk>(directory, *ingest));
  const auto take = [desks](Call call) {
    const size_t shard = call.shard.id.value();
    NAVE_CHECK(shard < desks->size(), "every shard has its ingest");
    (*desks)[shard]->take(std::move(call));
  };
  return {
      {"POST", "devices/{}/messages/events", {}, Body::kRaw, take, Caller::kDevice},
      {"POST", "devices/{}/modules/{}/messages/events", {}, Body::kRaw, take, Caller::kDevice},
  };
}

}  // namespace nave::front::http
