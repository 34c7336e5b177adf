// The client's side of HTTP: one connection, one request at a time, and exactly one answer to each.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/function.h"
#include "sim/stage.h"

namespace nave::sim {

struct HttpAnswer {
  int status = 0;
  std::string etag;
  std::string body;
};

class HttpClient final : public Peer {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // nullopt: the connection was lost, and nobody knows what became of the request.
  using Reply = UniqueFunction<void(std::optional<HttpAnswer>)>;

  explicit HttpClient(Stage& stage) : stage_(stage) {}
  ~HttpClient() override { drop(); }

  // Not while busy(). Connects if need be.
  void request(const std::string& method, const std::string& target, const std::string& token, const std::string& body,
               Headers headers, Reply reply);
  [[nodiscard]] bool busy() const { return bool{reply_}; }
  [[nodiscard]] const std::string& what() const { return what_; }
  // Gives the connection up, in order or not.
  void drop();
  void vanish();
  // A new connection comes next.
  [[nodiscard]] bool is_fresh() const { return socket_ == nullptr; }
  // Fails the run if the hub takes longer than any request may.
  void check_time();

 private:
  void on_data(ByteView bytes) override;
  void on_disconnected() override;
  [[nodiscard]] bool take_answer();
  void finish(std::optional<HttpAnswer> answer);

  Stage& stage_;
  std::shared_ptr<Socket> socket_;
  std::string in_;
  Reply reply_;
  std::string what_;
  int64_t since_us_ = 0;
};

}  // namespace nave::sim
