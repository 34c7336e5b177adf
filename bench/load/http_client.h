// A back end's HTTPS connection: one request at a time, kept alive.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bench/load/stream.h"

namespace nave::bench {

class HttpClient : public Stream {
 public:
  using Answered = std::function<void(unsigned number, int status)>;

  HttpClient(Loop& loop, const Options& options, unsigned number, Answered answered);

  // POST; `path` and `body` are copied. Not before the answer to the one before.
  void post(std::string_view path, std::string_view body);
  [[nodiscard]] bool running() const override { return is_secure(); }

 private:
  void on_secure() override {}
  void on_bytes(std::string& in) override;

  std::string head_;  // of every request, behind the request line
  Answered answered_;
};

}  // namespace nave::bench
