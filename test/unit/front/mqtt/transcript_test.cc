// Plays the conversations of test/golden/mqtt against the front. One file is one test:
//
//   # a comment
//   C: CONNECT id=dev-1 clean=0 keepalive=240     what a client sends
//   S: CONNACK code=0 present=0                   what it must get, in this order, before anything else happens
//   S: CLOSE                                      the hub has closed the connection
//   DISK                                          what was appended becomes durable
//   EVENT dev-1 {5=text/plain}{a=b}body           the next event of the device in the log (numbers:
//   hub/telemetry/event.h) WAIT 1500                                     milliseconds pass DROP the client's connection
//   breaks
//   CALL dev-1 reboot payload={"a":1} connect=10   a back end calls a method
//   POST dev-1 body=x mid=1 ack=full a=b          a back end sends a message to the device
//   QUEUE dev-1 1                                 so many messages are in its queue
//   CALLER reboot 200 null                        how the oldest call ended: status and payload, or the error
//
// "C2:", "S2:", "DROP2" are a second client, and so on; CONNECT always opens a new connection. Without user= or pass= a
// CONNECT has the right ones; "-" leaves the field out; $token(dev-2), $policy(device) and $expired make a token.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "unit/front/mqtt/rig.h"
#include "unit/front/mqtt/server_packets.h"

namespace nave::front::mqtt {
namespace {

using namespace nave::test;

// The words of one line: a verb, then key=value.
struct Words {
  std::vector<std::string> plain;
  std::vector<std::pair<std::string, std::string>> named;

  explicit Words(const std::string& line) {
    std::istringstream in(line);
    for (std::string word; in >> word;) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) {
        plain.push_back(word);
      } else {
        named.emplace_back(word.substr(0, equals), word.substr(equals + 1));
      }
    }
  }
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const {
    const auto it = std::ranges::find(named, key, &std::pair<std::string, std::string>::first);
    if (it == named.end()) return {};
    return it->second;
  }
  [[nodiscard]] std::string text(const std::string& key) const { return find(key).value_or(""); }
  [[nodiscard]] unsigned number(const std::string& key) const {
    return static_cast<unsigned>(std::strtoul(text(key).c_str(), nullptr, 10));
  }
};

IdentityKey identity(const std::string& id) {
  const size_t slash = id.find('/');
  return {id.substr(0, slash), slash == std::string::npos ? "" : id.substr(slash + 1)};
}

std::string encode_connect(const MqttRig& rig, const Words& w) {
  ConnectSpec spec = rig.connect_spec(identity(w.text("id")));
  const auto optional_text = [&](const char* key, std::optional<std::string>& field) {
    if (const auto given = w.find(key)) field = *given == "-" ? std::optional<std::string>{} : given;
  };
  optional_text("user", spec.username);
  optional_text("pass", spec.password);
  optional_text("will", spec.will_topic);
  if (spec.password && spec.password->starts_with('$')) {
    const std::string& p = *spec.password;
    const size_t open = p.find('(');
    const std::string argument = open == std::string::npos ? "" : p.substr(open + 1, p.size() - open - 2);
    if (p.starts_with("$token"))
      spec.password = rig.token(identity(argument));
    else if (p.starts_with("$policy"))
      spec.password = rig.policy_token(argument);
    else
      spec.password = rig.token(identity(w.text("id")), -3600);
  }
  spec.clean = w.number("clean") != 0;
  if (w.find("keepalive")) spec.keep_alive_s = w.number("keepalive");
  if (w.find("level")) spec.level = static_cast<uint8_t>(w.number("level"));
  spec.will_payload = w.text("willbody");
  return connect_packet(spec);
}

std::string encode(const MqttRig& rig, const Words& w) {
  const std::string& verb = w.plain.at(0);
  if (verb == "CONNECT") return encode_connect(rig, w);
  if (verb == "PUBLISH") {
    return publish_packet(w.text("topic"), w.text("body"), static_cast<uint8_t>(w.number("qos")), w.number("id"),
                          w.number("retain") != 0, w.number("dup") != 0);
  }
  if (verb == "SUBSCRIBE") {
    std::vector<std::pair<std::string, uint8_t>> filters;
    for (const auto& [key, value] : w.named) {
      if (key == "filter") filters.emplace_back(value, uint8_t{0});
      if (key == "qos") filters.back().second = static_cast<uint8_t>(value.at(0) - '0');
    }
    return subscribe_packet(w.number("id"), filters);
  }
  if (verb == "UNSUBSCRIBE") return unsubscribe_packet(w.number("id"), {w.text("filter")});
  if (verb == "PUBACK") return puback_packet(w.number("id"));
  if (verb == "PINGREQ") return pingreq_packet();
  if (verb == "DISCONNECT") return disconnect_packet();
  ADD_FAILURE() << "no such packet: " << verb;
  return "";
}

// One packet that the hub sent, as the transcripts write it.
std::string describe(std::string_view packet) {
  const auto id = [&] { return " id=" + std::to_string(load_be<uint16_t>(packet.data() + 2)); };
  switch (byte_at(packet, 0)) {
    case 0x20:
      return "CONNACK code=" + std::to_string(packet.at(3)) + " present=" + std::to_string(packet.at(2));
    case 0x40:
      return "PUBACK" + id();
    case 0x90: {
      std::string out = "SUBACK" + id() + " codes=";
      for (size_t i = 4; i < packet.size(); ++i) out += (i > 4 ? "," : "") + std::to_string(packet[i]);
      return out;
    }
    case 0x30:
    case 0x32:
    case 0x3a: {
      std::string bytes(packet);
      const ServerPublish p = as_publish(take_packet(bytes));
      std::string out = "PUBLISH topic=" + p.topic;
      if (p.qos > 0) out += " qos=1 id=" + std::to_string(p.id) + (p.duplicate ? " dup=1" : "");
      return out + " body=" + p.payload;
    }
    case 0xb0:
      return "UNSUBACK" + id();
    case 0xd0:
      return "PINGRESP";
    default:
      return "unexpected " + to_hex(packet);
  }
}

class Player {
 public:
  void play(const std::filesystem::path& file) {
    std::ifstream in(file);
    ASSERT_TRUE(in) << file;
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      const testing::ScopedTrace trace(file.c_str(), ++number, line);
      if (!line.empty() && line[0] != '#') step(line);
    }
    expect_nothing_more();
    EXPECT_TRUE(outcomes_.empty()) << outcomes_.front();
  }

 private:
  struct Side {
    std::unique_ptr<MqttClient> client;
    bool close_expected = false;
  };

  void step(const std::string& line) {
    const size_t colon = line.find(": ");
    const bool speech = colon != std::string::npos && (line[0] == 'C' || line[0] == 'S') && colon <= 2;
    if (speech && line[0] == 'S') return expect(line.substr(1, colon - 1), line.substr(colon + 2));
    expect_nothing_more();
    if (speech) return send(line.substr(1, colon - 1), line.substr(colon + 2));
    act(line);
  }

  void act(const std::string& line) {
    if (line == "DISK") return rig_.commit();
    if (line.starts_with("WAIT ")) return wait(std::atoll(line.c_str() + 5));
    if (line.starts_with("DROP")) return sides_.at(line.substr(4)).client->transport.drop();
    if (line.starts_with("CALL ")) return call(line.substr(5));
    if (line.starts_with("POST ")) return post(line.substr(5));
    if (line.starts_with("QUEUE ")) {
      const Words words(line.substr(6));
      EXPECT_EQ(std::to_string(rig_.c2d.depth(identity(words.plain.at(0)))), words.plain.at(1));
      return;
    }
    if (line.starts_with("CALLER ")) {
      rig_.shard.run_until_idle();
      ASSERT_FALSE(outcomes_.empty()) << "no call has ended";
      EXPECT_EQ(outcomes_.front(), line.substr(7));
      outcomes_.pop_front();
      return;
    }
    ASSERT_TRUE(line.starts_with("EVENT ")) << "no such step";
    const size_t space = line.find(' ', 6);
    const std::string device = line.substr(6, space - 6);
    const auto events = rig_.events(device);
    size_t& seen = events_seen_[device];
    ASSERT_GT(events.size(), seen) << "no further event";
    EXPECT_EQ(events[seen++], line.substr(space + 1));
  }

  void wait(int64_t ms) {
    rig_.shard.advance(ms);
    rig_.c2d.on_tick();
    rig_.shard.run_until_idle();
  }

  void post(const std::string& text) {
    const Words words(text);
    hub::EventView message;
    for (const auto& [name, value] : words.named) {
      if (name == "body") {
        message.body = value;
      } else if (name == "ack") {
        message.system.push_back({hub::SystemProperty::kAck, value});
      } else if (name == "mid") {
        message.system.push_back({hub::SystemProperty::kMessageId, value});
      } else {
        message.application.push_back({name, value});
      }
    }
    rig_.c2d.send(identity(words.plain.at(0)), message, rig_.shard.executor,
                  [](const hub::HubResult<void>& sent) { EXPECT_TRUE(sent); });
    rig_.shard.run_until_idle();
  }

  void call(const std::string& text) {
    const Words words(text);
    hub::MethodInput input;
    input.name = words.plain.at(1);
    input.payload = words.find("payload").value_or("null");
    if (words.find("timeout")) input.response_timeout_s = words.number("timeout");
    input.connect_timeout_s = words.number("connect");
    rig_.methods.invoke(identity(words.plain.at(0)), std::move(input), rig_.shard.context,
                        [this, name = words.plain.at(1)](const hub::HubResult<hub::MethodAnswer>& answer) {
                          outcomes_.push_back(name + " " +
                                              (answer ? std::to_string(answer->status) + " " + answer->payload
                                                      : std::string(hub::row(answer.error().code).name)));
                        });
    rig_.shard.run_until_idle();
  }

  void send(const std::string& name, const std::string& text) {
    const Words words(text);
    Side& side = sides_[name];
    if (words.plain.at(0) == "CONNECT" && words.text("again").empty()) {
      side.client = std::make_unique<MqttClient>(rig_);
      side.close_expected = false;
    }
    ASSERT_TRUE(side.client) << "not connected";
    side.client->transport.deliver(encode(rig_, words));
  }

  void expect(const std::string& name, const std::string& text) {
    Side& side = sides_.at(name);
    std::string& sent = side.client->transport.sent;
    if (text == "CLOSE") {
      EXPECT_TRUE(side.client->closed());
      EXPECT_EQ(to_hex(sent), "") << "something comes before the close";
      side.close_expected = true;
      return;
    }
    ASSERT_FALSE(sent.empty()) << "nothing was sent";
    const std::string all = sent;
    (void)take_packet(sent);
    EXPECT_EQ(describe(ByteView(all).substr(0, all.size() - sent.size())), text);
  }

  void expect_nothing_more() {
    for (const auto& [name, side] : sides_) {
      EXPECT_EQ(to_hex(side.client->transport.sent), "") << "S" << name << " got more than the transcript says";
      EXPECT_EQ(side.client->closed(), side.close_expected) << "S" << name;
    }
  }

  std::deque<std::string> outcomes_;  // of calls, oldest first
  MqttRig rig_;
  std::map<std::string, Side> sides_;
  std::map<std::string, size_t> events_seen_;
};

std::vector<std::filesystem::path> transcripts() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(NAVE_SOURCE_DIR "/test/golden/mqtt")) {
    if (entry.path().extension() == ".txt") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

class MqttTranscript : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(MqttTranscript, IsHowItGoes) {
  Player().play(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Golden, MqttTranscript, testing::ValuesIn(transcripts()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace nave::front::mqtt
