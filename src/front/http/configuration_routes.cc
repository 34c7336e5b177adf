#include "front/http/configuration_routes.h"

#include <utility>

#include "hub/device/ids.h"

namespace nave::front::http {
namespace {

using hub::ConfigurationDocument;
using hub::ConfigurationService;
using hub::Error;
using hub::ErrorCode;
using hub::HubResult;

void send_configuration(Reply& reply, HubResult<ConfigurationDocument> configuration) {
  if (!configuration) return reply.error(configuration.error());
  reply.json_text(200, std::move(configuration->body), {{"ETag", '"' + configuration->etag + '"'}});
}

void send_done(Reply& reply, const HubResult<void>& done) {
  if (!done) return reply.error(done.error());
  reply.empty(204);
}

// False: it was answered.
bool check_id(Call& call) {
  if (hub::is_valid_configuration_id(call.ids[0])) return true;
  call.reply.error(Error(ErrorCode::kArgumentInvalid, "The configuration id has characters that it must not have"));
  return false;
}

void list_configurations(ConfigurationService& configurations, Call call) {
  Executor& executor = call.shard.executor;
  configurations.list(executor, [reply = std::move(call.reply)](HubResult<std::string> all) mutable {
    if (!all) return reply.error(all.error());
    reply.json_text(200, *std::move(all));
  });
}

void get_configuration(ConfigurationService& configurations, Call call) {
  if (!check_id(call)) return;
  Executor& executor = call.shard.executor;
  configurations.get(call.ids[0], executor,
                     [reply = std::move(call.reply)](HubResult<ConfigurationDocument> found) mutable {
                       send_configuration(reply, std::move(found));
                     });
}

void put_configuration(ConfigurationService& configurations, Call call) {
  if (!check_id(call)) return;
  auto input = hub::read_configuration(call.ids[0], *call.body.if_object());
  if (!input) return call.reply.error(input.error());
  Executor& executor = call.shard.executor;
  hub::IfMatch if_match = hub::parse_if_match(call.request.header("If-Match"));
  configurations.put(*std::move(input), std::move(if_match), executor,
                     [reply = std::move(call.reply)](HubResult<ConfigurationDocument> written) mutable {
                       send_configuration(reply, std::move(written));
                     });
}

void remove_configuration(ConfigurationService& configurations, Call call) {
  if (!check_id(call)) return;
  Executor& executor = call.shard.executor;
  hub::IfMatch if_match = hub::parse_if_match(call.request.header("If-Match"));
  configurations.remove(
      call.ids[0], std::move(if_match), executor,
      [reply = std::move(call.reply)](const HubResult<void>& done) mutable { send_done(reply, done); });
}

void test_queries(Call call) {
  auto answer = hub::test_configuration_queries(*call.body.if_object());
  if (!answer) return call.reply.error(answer.error());
  call.reply.json(200, *std::move(answer));
}

// moduleContent with modules in it is an old spelling of modulesContent (reference/edge.md §2.3).
json::Object without_alias(json::Object content) {
  json::Value* const old = content.find("moduleContent");
  if (old == nullptr || old->if_object() == nullptr || old->if_object()->find("$edgeAgent") == nullptr) return content;
  const json::Value* const modules = content.find("modulesContent");
  if (modules != nullptr && !modules->is_null()) return content;
  json::Value moved = std::move(*old);
  content.erase("moduleContent");
  content.set("modulesContent", std::move(moved));
  return content;
}

void apply_content(ConfigurationService& configurations, Call call) {
  if (!hub::is_valid_id(call.ids[0])) {
    return call.reply.error(Error(ErrorCode::kArgumentInvalid, "The device id has characters that it must not have"));
  }
  auto content = hub::read_content(without_alias(std::move(*call.body.if_object())));
  if (!content) return call.reply.error(content.error());
  Executor& executor = call.shard.executor;
  configurations.apply_content(
      call.ids[0], *std::move(content), executor,
      [reply = std::move(call.reply)](const HubResult<void>& done) mutable { send_done(reply, done); });
}

}  // namespace

std::vector<Route> configuration_routes(ConfigurationService& configurations) {
  using enum auth::Right;
  const auto to = [&configurations](auto* handler) {
    return [&configurations, handler](Call call) { handler(configurations, std::move(call)); };
  };
  // Which rights the service asks for is not known for sure, so ServiceConnect will do too (§3.3).
  const std::vector<auth::Right> read{kRegistryRead, kServiceConnect};
  const std::vector<auth::Right> write{kRegistryWrite, kServiceConnect};
  return {
      {"POST", "configurations/testQueries", read, Body::kObject, test_queries},
      {"GET", "configurations", read, Body::kRaw, to(list_configurations)},
      {"GET", "configurations/{}", read, Body::kRaw, to(get_configuration)},
      {"PUT", "configurations/{}", write, Body::kObject, to(put_configuration)},
      {"DELETE", "configurations/{}", write, Body::kRaw, to(remove_configuration)},
      {"POST", "devices/{}/applyConfigurationContent", write, Body::kObject, to(apply_content)},
  };
}

}  // namespace nave::front::http
