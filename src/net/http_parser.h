// Parses one HTTP/1.x request, sans-IO. Boost.Beast does the grammar; it is seen by http_parser.cc only, since it takes
// seconds to compile.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace nave::net {

class HttpParser {
 public:
  HttpParser();
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  enum class Status : uint8_t { kNeedMore, kHead, kDone, kFailed };
  // Takes what it can from the front of `bytes` and sets `consumed`; the caller offers the rest again, with more behind
  // it. kHead comes once, if there is a body: head() and set_body_limit() are for this moment. After kDone or kFailed
  // it is not called again.
  [[nodiscard]] Status feed(std::string_view bytes, size_t& consumed);

  // The request so far, without its body. `peer` is left to the caller.
  [[nodiscard]] HttpRequest head() const;
  // A body that is longer fails with 413: at once if its length is announced.
  void set_body_limit(uint64_t bytes);
  // What has arrived of the body since the last call; take_request() has none of it then.
  [[nodiscard]] std::string take_body_piece();

  // The header is complete, the body is not, and the client waits for "100 Continue" (RFC 9110 §10.1.1).
  [[nodiscard]] bool wants_continue() const;

  // After kFailed: the status to answer with, and why, as a text of our own.
  [[nodiscard]] int error_status() const;
  [[nodiscard]] std::string_view error_text() const;

  // After kDone. `peer` of the request is left to the caller.
  [[nodiscard]] HttpRequest take_request();
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_head() const;  // as sent, before any method override

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nave::net
