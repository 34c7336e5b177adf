#include "front/http/bulk_routes.h"

#include <unordered_set>
#include <utility>

#include "base/limits.h"
#include "front/http/key_renewal_json.h"
#include "hub/device/bulk_json.h"

namespace nave::front::http {
namespace {

using hub::BulkItem;
using hub::BulkOutcome;
using hub::Error;
using hub::ErrorCode;
using hub::HubResult;

Headers error_header(ErrorCode code) {
  return {{"iothub-errorcode", std::string(row(code).name)}};
}

// An array that a bulk request may carry.
HubResult<const json::Array*> items_of(const json::Value* body) {
  if (body == nullptr || body->is_null()) return fail(Error(ErrorCode::kArgumentNull, "The request names no devices"));
  const json::Array* const items = body->if_array();
  if (items == nullptr) return fail(Error(ErrorCode::kArgumentInvalid, "The devices must be a JSON array"));
  if (items->size() > limits::kBulkItemsMax) {
    return fail(Error(ErrorCode::kArgumentInvalid,
                      "At most " + std::to_string(limits::kBulkItemsMax) + " devices go into one request"));
  }
  return items;
}

Error defined_twice(const std::string& device) {
  return {ErrorCode::kDeviceDefinedMultipleTimes, "DeviceDefinedMultipleTimes, device ID " + device};
}

// What every item is about; an error of the whole request if that cannot be said, or is not one thing (two modules of
// one device are the same device twice, as with the service).
HubResult<std::vector<IdentityKey>> keys_of(const json::Array& items) {
  std::vector<IdentityKey> out;
  out.reserve(items.size());
  std::unordered_set<std::string_view> devices;
  for (const json::Value& item : items) {
    auto key = hub::read_bulk_key(item);
    if (!key) return fail(std::move(key.error()));
    out.push_back(*std::move(key));
    if (!devices.insert(out.back().device).second) return fail(defined_twice(out.back().device));
  }
  return out;
}

void send_result(Reply& reply, const std::vector<BulkOutcome>& outcomes) {
  bool failed = false;
  for (const BulkOutcome& o : outcomes) failed = failed || o.error.has_value();
  reply.json(failed ? 400 : 200, hub::bulk_result_document(outcomes),
             failed ? error_header(ErrorCode::kBulkRegistryOperationFailure) : Headers());
}

// Puts the outcomes of what was run among those of the items that could not be read.
std::vector<BulkOutcome> merge(std::vector<BulkOutcome> refused, std::vector<BulkOutcome> ran) {
  size_t next = 0;
  for (BulkOutcome& o : refused) {
    if (!o.error) o = std::move(ran.at(next++));
  }
  return refused;
}

void run_bulk(hub::BulkRegistry& bulk, Call call) {
  const auto items = items_of(&call.body);
  if (!items) return call.reply.error(items.error());
  const auto keys = keys_of(**items);
  if (!keys) return call.reply.error(keys.error());
  std::vector<BulkItem> read;
  std::vector<BulkOutcome> outcomes;
  for (size_t i = 0; i < keys->size(); ++i) {
    outcomes.push_back({(*keys)[i], {}, {}});
    auto item = hub::read_bulk_item((**items)[i], hub::BulkDialect::kRest);
    if (item) {
      read.push_back(*std::move(item));
    } else {
      outcomes.back().error = std::move(item.error());
    }
  }
  bulk.run(std::move(read), call.shard.executor,
           [reply = std::move(call.reply), outcomes = std::move(outcomes)](std::vector<BulkOutcome> ran) mutable {
             send_result(reply, merge(std::move(outcomes), std::move(ran)));
           });
}

void send_renewed(Reply& reply, const std::string& policy_key, const std::vector<hub::RenewalOutcome>& outcomes) {
  size_t failed = 0;
  for (const hub::RenewalOutcome& o : outcomes) failed += o.authentication ? 0U : 1U;
  json::Object body = renewal_document(policy_key, outcomes);
  if (failed == 0) return reply.json(200, std::move(body));
  if (failed < outcomes.size()) return reply.json(207, std::move(body));
  reply.json(400, std::move(body), error_header(ErrorCode::kBulkRegenerateDeviceKeyOperationFailure));
}

void renew_keys(hub::Registry& registry, Call call) {
  const json::Object& body = *call.body.if_object();
  const auto items = items_of(body.find("devices"));
  if (!items) return call.reply.error(items.error());
  auto keys = read_renewal_keys(**items);
  if (!keys) return call.reply.error(keys.error());
  const std::optional<RenewalRequest> request = read_renewal_request(body);
  if (!request) {
    const Error error(ErrorCode::kInvalidPolicyKey);
    return call.reply.json(400, refused_renewal_document(body, *keys, error), error_header(error.code));
  }
  hub::renew_keys(
      registry, *keys, request->renewal, call.shard.executor,
      [reply = std::move(call.reply), name = request->policy_key](
          const std::vector<hub::RenewalOutcome>& outcomes) mutable { send_renewed(reply, name, outcomes); });
}

}  // namespace

std::vector<Route> bulk_routes(hub::BulkRegistry& bulk, hub::Registry& registry) {
  const std::vector<auth::Right> write{auth::Right::kRegistryWrite};
  return {
      {"POST", "devices", write, Body::kAnyJson, [&bulk](Call call) { run_bulk(bulk, std::move(call)); },
       Caller::kService, limits::kHttpBulkBodyBytesMax},
      {"POST", "devices/keys/regenerate", write, Body::kObject,
       [&registry](Call call) { renew_keys(registry, std::move(call)); }},
  };
}

}  // namespace nave::front::http
