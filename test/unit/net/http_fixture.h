// An HTTP connection over a fake transport.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/http.h"
#include "support/fake_transport.h"

namespace nave::net::test {

using nave::test::FakeTransport;

class RecordingHttp final : public HttpHandler {
 public:
  void handle(HttpRequest request, const ShardContext& /*shard*/, HttpResponder respond) override {
    requests.push_back(std::move(request));
    if (answer) return answer(std::move(respond));
    HttpResponse response;
    response.headers = {{"ETag", "\"1\""}};
    response.body = "ok " + std::to_string(requests.size());
    respond(std::move(response));
  }
  [[nodiscard]] HttpBodyPlan plan_body(const HttpRequest& /*head*/) const override { return plan; }
  [[nodiscard]] std::unique_ptr<HttpBodyTaker> take_body(HttpRequest head, const ShardContext& /*shard*/,
                                                         HttpResponder respond, UniqueFunction<void()> more) override;

  std::vector<HttpRequest> requests;
  std::function<void(HttpResponder)> answer;  // empty: 200 at once
  HttpBodyPlan plan;
  // Of bodies in pieces.
  std::string taken;
  int ended = 0;
  int dropped = 0;
  bool full = false;
  HttpResponder respond_later;
  UniqueFunction<void()> take_more;
};

class RecordingTaker final : public HttpBodyTaker {
 public:
  explicit RecordingTaker(RecordingHttp& http) : http_(http) {}
  ~RecordingTaker() override { ++http_.dropped; }
  bool take(ByteView bytes) override {
    http_.taken += bytes;
    return !http_.full;
  }
  void end() override { ++http_.ended; }

 private:
  RecordingHttp& http_;
};

inline std::unique_ptr<HttpBodyTaker> RecordingHttp::take_body(HttpRequest head, const ShardContext& /*shard*/,
                                                               HttpResponder respond, UniqueFunction<void()> more) {
  requests.push_back(std::move(head));
  respond_later = std::move(respond);
  take_more = std::move(more);
  return std::make_unique<RecordingTaker>(*this);
}

// What the protocol inside a WebSocket saw and did.
struct Inner {
  std::string received;
  Transport* transport = nullptr;
  std::vector<CloseReason> closed;
  int drained = 0;
  std::function<void(Transport&, ByteView)> bytes = [](Transport& t, ByteView b) { t.send(b); };
};

class InnerHandler final : public Handler {
 public:
  explicit InnerHandler(Inner& inner) : inner_(inner) {}
  void on_open(Transport& t) override { inner_.transport = &t; }
  void on_bytes(ByteView b) override {
    inner_.received += b;
    inner_.bytes(*inner_.transport, b);
  }
  void on_drained() override { ++inner_.drained; }
  void on_closed(CloseReason reason) override { inner_.closed.push_back(reason); }

 private:
  Inner& inner_;
};

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    transport.open(make_http_factory(http,
                                     [this](std::string_view path, const std::vector<std::string>& offered,
                                            const ShardContext&) -> std::optional<WsUpgrade> {
                                       upgrade_path = path;
                                       upgrade_offered = offered;
                                       for (const std::string& s : offered) {
                                         if (s == "mqtt" || s == "MQTT" || s == "AMQPWSB10")
                                           return WsUpgrade{s, std::make_unique<InnerHandler>(inner)};
                                       }
                                       return std::nullopt;
                                     })(transport.shard()));
  }

  RecordingHttp http;
  Inner inner;
  std::string upgrade_path;
  std::vector<std::string> upgrade_offered;
  FakeTransport transport;
};

}  // namespace nave::net::test
