// Plays conversations between the hub and AMQP clients; see transcript_test.cc for how they are written.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "front/amqp/c2d_node.h"
#include "front/amqp/method_node.h"
#include "front/amqp/service_node.h"
#include "front/amqp/telemetry_message.h"
#include "front/amqp/twin_node.h"
#include "hub/method/service.h"
#include "json/parse.h"
#include "unit/front/amqp/device_fixture.h"
#include "unit/front/amqp/frame_text.h"
#include "unit/hub/c2d/c2d_rig.h"

namespace nave::test {

class AmqpTranscript : public AmqpDevices {
 protected:
  AmqpTranscript() {
    front.router.add(front::amqp::make_twin_node(services, twins));
    front.router.add(front::amqp::make_method_node(services, methods));
    front.router.add(front::amqp::make_c2d_node(services, messages));
    front.router.add(front::amqp::make_input_node(services));
    front.router.add(front::amqp::make_service_node(messages));
    registry.set_queue(messages);
  }

  // Every line, and after the last one nothing more may have been said by the hub.
  void play(const std::string& script, bool to_the_end = true) {
    std::istringstream in(script);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (line.empty() || line[0] == '#') continue;
      SCOPED_TRACE("line " + std::to_string(number) + ": " + line);
      ASSERT_NO_FATAL_FAILURE(step(line));
    }
    if (!to_the_end) return;
    expect_silence();
    EXPECT_EQ(outcomes_.size(), 0U) << "calls have ended that the transcript does not name";
  }
  // Of the client that is called so; "" is the one of "C:".
  [[nodiscard]] FakeTransport* transport(const std::string& name) { return client(name).transport.get(); }

  // Writes of messages and feedback can be held.
  hub::SlowCommands commands{store};

 private:
  void step(const std::string& line) {
    const size_t colon = line.find(": ");
    const bool spoken = colon != std::string::npos && colon <= 2 && (line[0] == 'C' || line[0] == 'S');
    if (!spoken) return happen(LineWords(line), line);
    const std::string name = line.substr(1, colon - 1);
    if (line[0] == 'S') return hear(name, line.substr(colon + 2));
    // Whatever was said before has been heard.
    expect_silence();
    speak(name, LineWords(line.substr(colon + 2)));
  }

  void hear(const std::string& name, const std::string& text) {
    DeviceClient& c = client(name);
    const auto frame = next_frame(c);
    const std::string said = frame ? text_.describe(*frame) : "nothing";
    ASSERT_EQ(said, text);
  }

  // Flows of sessions say nothing about links; messages of several frames are put together.
  static std::optional<AmqpFrame> next_frame(DeviceClient& c) {
    auto frame = c.amqp.take();
    while (frame && frame->code() == wamqp::Code::kFlow && !frame->as<wamqp::Flow>().handle) frame = c.amqp.take();
    if (!frame || frame->code() != wamqp::Code::kTransfer) return frame;
    bool more = frame->as<wamqp::Transfer>().more;
    while (more) {
      const auto next = c.amqp.take(wamqp::Code::kTransfer);
      if (!next) throw std::runtime_error("a message has no end");
      more = next->as<wamqp::Transfer>().more;
      frame->body.append(next->payload());
    }
    return frame;
  }

  void expect_silence() {
    for (const auto& [name, c] : clients_) {
      while (auto frame = next_frame(*c)) {
        ADD_FAILURE() << "S" << name << ": " << text_.describe(*frame) << " is not in the transcript";
      }
    }
  }

  DeviceClient& client(const std::string& name) {
    auto& c = clients_[name];
    if (!c) c = std::make_unique<DeviceClient>(dial());
    return *c;
  }

  void speak(const std::string& name, const LineWords& w) {
    DeviceClient& c = client(name);
    const std::string& verb = w.plain.at(0);
    const auto channel = static_cast<uint16_t>(w.number("ch"));
    const auto handle = static_cast<uint32_t>(w.number("h"));
    if (verb == "TOKEN") {
      ASSERT_EQ(c.put(token_of(identity(w.plain.at(1)), w.number("seconds", 3600))), 200);
    } else if (verb == "POLICY") {
      ASSERT_EQ(c.put(policy_token(w.plain.at(1), kHost, w.number("seconds", 3600))), 200);
    } else if (verb == "BEGIN") {
      c.amqp.begin(channel);
      ASSERT_TRUE(c.amqp.take(wamqp::Code::kBegin));
    } else if (verb == "ATTACH") {
      c.amqp.attach(channel, attach_of(w, handle));
    } else if (verb == "FLOW") {
      c.amqp.credit(channel, handle, static_cast<uint32_t>(w.number("credit")),
                    static_cast<uint32_t>(w.number("count")), w.has("drain"));
    } else if (verb == "TRANSFER") {
      c.amqp.transfer(channel, handle, text_.message(w), w.find("tag").value_or("t"), w.has("settled"),
                      static_cast<uint32_t>(w.number("format")));
    } else if (verb == "DISPOSITION") {
      if (w.has("malformed")) return c.amqp.malformed_rejection(channel, static_cast<uint32_t>(w.number("id")));
      c.amqp.disposition(channel, static_cast<uint32_t>(w.number("id")), !w.has("unsettled"), outcome_of(w));
    } else if (verb == "DETACH") {
      c.amqp.detach(channel, handle);
    } else if (verb == "DROP") {
      c.transport->drop();
      clients_.erase(name);
    } else {
      FAIL() << "no such verb: " << verb;
    }
  }

  wamqp::Attach attach_of(const LineWords& w, uint32_t handle) {
    const auto to = w.find("send");
    const std::string name = w.find("name").value_or("link-" + std::to_string(handle));
    wamqp::Attach v =
        to ? AmqpClient::sender(handle, name, *to) : AmqpClient::receiver(handle, name, w.text("receive"));
    if (w.find("snd")) v.snd_settle_mode = static_cast<wamqp::SndSettleMode>(w.number("snd"));
    if (w.find("rcv")) v.rcv_settle_mode = static_cast<wamqp::RcvSettleMode>(w.number("rcv"));
    if (w.find("max")) v.max_message_size = static_cast<uint64_t>(w.number("max"));
    if (const auto other = w.find("other")) {
      // The counterpart terminus, which says nothing.
      if (*other == "null")
        (to ? v.source : v.target).reset();
      else
        (to ? v.source : v.target)->address = wamqp::Value::of_string(*other);
    }
    const std::map<std::string, std::string> properties = {{"corr", "com.microsoft:channel-correlation-id"},
                                                           {"model", "com.microsoft:model-id"},
                                                           {"timeout", "com.microsoft:timeout"},
                                                           {"version", "com.microsoft:client-version"},
                                                           {"api", "com.microsoft:api-version"}};
    for (const auto& [key, property] : properties) {
      if (const auto text = w.find(key)) v.properties.add(wamqp::Value::of_symbol(property), text_.value(*text));
    }
    return v;
  }

  static wamqp::Outcome outcome_of(const LineWords& w) {
    if (w.has("accepted")) return wamqp::Accepted{};
    if (w.has("released")) return wamqp::Released{};
    if (w.has("modified")) return wamqp::Modified{};
    if (w.has("rejected")) return wamqp::Rejected{};
    if (w.has("received")) return wamqp::Received{};
    return {};
  }

  static IdentityKey identity(const std::string& id) {
    const size_t slash = id.find('/');
    return {id.substr(0, slash), slash == std::string::npos ? "" : id.substr(slash + 1)};
  }

  // What happens at the hub.
  void happen(const LineWords& w, const std::string& line) {
    const std::string& verb = w.plain.at(0);
    if (verb == "WAIT") {
      wait(std::strtoll(w.plain.at(1).c_str(), nullptr, 10));
    } else if (verb == "DISK") {
      commit();
    } else if (verb == "DESIRE") {
      hub::TwinInput input;
      input.desired = *json::parse(line.substr(line.find('{'))).value().if_object();
      twins.patch(identity(w.plain.at(1)), {std::move(input), {}, 0}, shard.executor,
                  [](const hub::HubResult<hub::TwinDocument>& r) { ASSERT_TRUE(r); });
      shard.run_until_idle();
    } else if (verb == "QUEUE") {
      const std::string message = text_.message(w);
      hub::EventView event;
      ASSERT_TRUE(reader_.read(message, event));
      messages.send(identity(w.plain.at(1)), event, shard.executor,
                    [](const hub::HubResult<void>& r) { ASSERT_TRUE(r); });
      shard.run_until_idle();
    } else if (verb == "DISABLE") {
      change_identity(identity(w.plain.at(1)), [](hub::Identity& i) { i.enabled = false; });
    } else if (verb == "DEPTH") {
      ASSERT_EQ(std::to_string(messages.depth(identity(w.plain.at(1)))), w.plain.at(2));
    } else if (verb == "CALL") {
      hub::MethodInput input;
      input.name = w.plain.at(2);
      input.payload = w.find("payload").value_or("null");
      input.response_timeout_s = w.number("timeout", 30);
      input.connect_timeout_s = w.number("connect");
      methods.invoke(identity(w.plain.at(1)), input, shard.context,
                     [this, name = input.name](const hub::HubResult<hub::MethodAnswer>& answer) {
                       outcomes_.push_back(name + " " +
                                           (answer ? std::to_string(answer->status) + " " + answer->payload
                                                   : std::string(hub::row(answer.error().code).name)));
                     });
      shard.run_until_idle();
    } else if (verb == "CALLER") {
      ASSERT_FALSE(outcomes_.empty()) << "no call has ended";
      ASSERT_EQ("CALLER " + outcomes_.front(), line);
      outcomes_.pop_front();
    } else if (verb == "TWIN") {
      ASSERT_EQ(reported_of(identity(w.plain.at(1))), line.substr(line.find('{')));
    } else if (verb == "CONNECTED" || verb == "DISCONNECTED") {
      ASSERT_EQ(connected(identity(w.plain.at(1))), verb == "CONNECTED");
    } else {
      FAIL() << "no such step: " << verb;
    }
  }

  // With the hub's ticks.
  void wait(int64_t ms) {
    for (; ms > 0; ms -= 1000) {
      shard.advance(std::min<int64_t>(ms, 1000));
      messages.on_tick();
      shard.run_until_idle();
    }
  }

  std::string reported_of(const IdentityKey& key) {
    const auto twin = store.load_twin(key);
    return twin && *twin ? (*twin)->reported.values : "none";
  }

  hub::C2dService messages{commands, registry, directory, shard.clock, metrics, shard.executor, {}};
  front::amqp::TelemetryMessageReader reader_;
  hub::MethodService methods{registry, directory, 1, metrics};
  std::deque<std::string> outcomes_;  // of calls, oldest first
  FrameText text_;
  std::map<std::string, std::unique_ptr<DeviceClient>> clients_;
};

}  // namespace nave::test
