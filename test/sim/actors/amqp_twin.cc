#include "sim/actors/amqp_twin.h"

#include <charconv>

#include "wire/amqp/message_writer.h"

namespace nave::sim {

namespace wamqp = wire::amqp;
using Part = TwinLedger::Part;

namespace {

constexpr uint32_t kRequests = 2;
constexpr uint32_t kAnswers = 3;

}  // namespace

void AmqpTwin::attach() {
  client().attach(0, test::AmqpClient::sender(kRequests, "twin-tx", device_.address("/twin")));
  client().attach(0, test::AmqpClient::receiver(kAnswers, "twin-rx", device_.address("/twin")));
  credit_.begin(*device_.link, kAnswers, rng());
  attached_ = true;
  // Some read the twin first, some subscribe to its changes first.
  if (rng().one_in(2)) subscribe();
  read();
}

void AmqpTwin::act() {
  if (!attached_) return;
  if (was_read_ && !asked_) return subscribe();
  if (device_.calm) return;
  if (rng().one_in(8)) report();
  if (rng().one_in(20)) read();
}

void AmqpTwin::on_lost() {
  attached_ = asked_ = subscribed_ = was_read_ = false;
  version_ = 0;
  requests_.clear();
}

std::string AmqpTwin::waits_for() const {
  return attached_ && subscribed_ && was_read_ && requests_.empty() ? "" : "the twin of " + device_.key.text();
}

void AmqpTwin::check() {
  if (version_ != device_.stage.twins.version(device_.key, Part::kDesired)) {
    fail("the last desired change did not reach " + device_.key.text());
  }
}

void AmqpTwin::request(Request request, std::string_view operation, std::string_view resource, std::string_view body) {
  requests_[++last_request_] = request;
  std::string out;
  wamqp::MessageWriter message(out);
  wamqp::MapWriter annotations = message.message_annotations();
  annotations.string("operation", operation);
  if (!resource.empty()) annotations.string("resource", resource);
  annotations.end();
  const std::string id = std::to_string(last_request_);
  const wamqp::Value correlation = wamqp::Value::of_string(id);
  wamqp::Properties properties;
  properties.correlation_id = correlation.view();
  message.properties(properties);
  message.data(body);
  client().transfer(0, kRequests, out, "w" + id, rng().one_in(2));
}

void AmqpTwin::read() {
  const TwinLedger& twins = device_.stage.twins;
  const uint64_t desired = twins.floor(device_.key, Part::kDesired);
  const uint64_t reported = twins.floor(device_.key, Part::kReported);
  request({Request::Kind::kRead, 0, desired, reported}, "GET", "", " ");
}

void AmqpTwin::report() {
  const uint64_t write = device_.stage.twins.begin_write();
  request({Request::Kind::kReport, write, 0, 0}, "PATCH", "/properties/reported", TwinLedger::patch_text(write));
}

void AmqpTwin::subscribe() {
  asked_ = true;
  request({Request::Kind::kSubscribe, 0, 0, 0}, "PUT", "/notifications/twin/properties/desired", " ");
}

bool AmqpTwin::on_message(const test::AmqpMessage& message) {
  if (message.handle != kAnswers) return false;
  credit_.take(*device_.link, kAnswers, rng());
  const auto view = message.view();
  const auto id = view.properties()->correlation_id.as_text();
  if (!id) {
    std::string scratch;
    on_change(view.data(scratch));
    return true;
  }
  uint64_t number = 0;
  std::from_chars(id->data(), id->data() + id->size(), number);
  const auto node = requests_.extract(number);
  if (node.empty()) {
    fail("a twin response that nobody asked for");
    return true;
  }
  const auto status = wamqp::find_entry(view.message_annotations(), "status").as_int64();
  on_answer(node.mapped(), status.value_or(0), message);
  return true;
}

void AmqpTwin::on_answer(const Request& request, int64_t status, const test::AmqpMessage& message) {
  const auto view = message.view();
  const bool done = status == 200;
  std::string scratch;
  switch (request.kind) {
    case Request::Kind::kRead:
      if (done) return on_document(request, view.data(scratch));
      // It has to know its twin.
      return was_read_ ? void() : after(rng().between(20, 200) * kMs, [this] { read(); });
    case Request::Kind::kReport:
      if (!done) return;
      return device_.stage.twins.on_acknowledged(
          device_.key, Part::kReported,
          wamqp::find_entry(view.message_annotations(), "version").as_uint64().value_or(0), request.write);
    case Request::Kind::kSubscribe:
      if (!done) return fail("a subscription was refused");
      subscribed_ = true;
  }
}

void AmqpTwin::on_document(const Request& request, std::string_view document) {
  TwinLedger& twins = device_.stage.twins;
  const std::string_view desired = json_member(document, "desired");
  const std::string_view reported = json_member(document, "reported");
  const uint64_t version = json_number(desired, "$version").value_or(0);
  twins.on_read(device_.key, Part::kDesired, version, request.desired_floor, desired);
  twins.on_read(device_.key, Part::kReported, json_number(reported, "$version").value_or(0), request.reported_floor,
                reported);
  if (version < version_) fail("a twin was read that is older than what was announced");
  was_read_ = true;
  version_ = version;
}

// After the twin was read nothing is left out, whether the subscription came before or after.
void AmqpTwin::on_change(std::string_view body) {
  const uint64_t version = json_number(body, "$version").value_or(0);
  device_.stage.scheduler.note("desired " + device_.key.text(), version);
  if (!asked_) return fail("a desired change for who has not subscribed");
  if (version <= version_) return fail("a desired change came twice or late to " + device_.key.text());
  if (version_ != 0 && version != version_ + 1) fail("a desired change was left out for " + device_.key.text());
  version_ = version;
  device_.stage.twins.on_read(device_.key, Part::kDesired, version, 0, body);
}

}  // namespace nave::sim
