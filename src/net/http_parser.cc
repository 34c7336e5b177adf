#include "net/http_parser.h"

// Asio comes with Beast's buffers; header-only here, because nothing of it is called.
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/limits.h"
#include "base/url.h"
#include "net/http_tokens.h"

namespace nave::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr size_t kLastChunkBytes = std::string_view("0\r\n\r\n").size();

// Appends to a string as bytes arrive. Beast's own string_body reserves what the peer announces.
struct GrowingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>& /*header*/, value_type& body) : body_(body) {}
    void init(const boost::optional<uint64_t>& /*length*/, error_code& error) { error = {}; }
    template <class Buffers>
    size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      const size_t before = body_.size();
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      return body_.size() - before;
    }
    void finish(error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

struct Failure {
  int status = 0;
  std::string_view text;
};

Failure failure_of(const error_code& error) {
  if (error == http::error::header_limit) return {431, "the request header is too large"};
  if (error == http::error::body_limit) return {413, "the request body is too large"};
  if (error == http::error::bad_version) return {505, "only HTTP/1.1 is supported"};
  if (error == http::error::multiple_content_length || error == http::error::bad_content_length) {
    return {400, "bad Content-Length"};
  }
  if (error == http::error::bad_transfer_encoding) return {400, "bad Transfer-Encoding"};
  return {400, "malformed request"};
}

std::string_view view(boost::beast::string_view s) {
  return {s.data(), s.size()};
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

struct HttpParser::Impl {
  http::request_parser<GrowingBody> parser;
  size_t header_bytes = 0;
  bool header_checked = false;
  bool body_too_long = false;
  Failure failure;

  Status refuse(Failure f) {
    failure = f;
    return Status::kFailed;
  }

  // What makes two readers of one request disagree about where it ends is refused (request smuggling): Beast refuses
  // Content-Length beside chunked and differing lengths; encodings that it does not know pass it.
  Failure check_header() {
    const auto& message = parser.get();
    const auto encodings = message.equal_range(http::field::transfer_encoding);
    for (auto it = encodings.first; it != encodings.second; ++it) {
      if (!equals_ignore_case(view(it->value()), "chunked") || message.version() < 11) {
        return {400, "bad Transfer-Encoding"};
      }
    }
    const size_t hosts = message.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() >= 11)) return {400, "exactly one Host header is needed"};
    if (message.target().empty() || message.target().size() > limits::kHttpTargetBytesMax) {
      return {414, "the request target is too long"};
    }
    if (static_cast<size_t>(std::distance(message.begin(), message.end())) > limits::kHttpHeadersMax) {
      return {431, "too many headers"};
    }
    return {};
  }
};

HttpParser::HttpParser() : impl_(std::make_unique<Impl>()) {
  impl_->parser.header_limit(limits::kHttpHeaderBytesMax);
  // Until the head is known: then comes set_body_limit(). Not eager, so that it comes before the body is looked at.
  impl_->parser.body_limit(boost::none);
  impl_->parser.eager(false);
}
HttpParser::~HttpParser() = default;

HttpParser::Status HttpParser::feed(std::string_view bytes, size_t& consumed) {
  consumed = 0;
  auto& parser = impl_->parser;
  if (impl_->body_too_long) return impl_->refuse(failure_of(http::error::body_limit));
  while (!parser.is_done() && consumed < bytes.size()) {
    const bool in_header = !parser.is_header_done();
    // Beast asserts that a last chunk, once begun, has its whole length; nothing of a chunked body ends sooner.
    if (!in_header && parser.chunked() && bytes.size() - consumed < kLastChunkBytes) break;
    error_code error;
    const size_t n = parser.put(boost::asio::buffer(bytes.substr(consumed)), error);
    consumed += n;
    if (error && error != http::error::need_more) return impl_->refuse(failure_of(error));
    if (in_header && !parser.is_header_done()) {
      // Beast parses header lines one by one; the limit is for all of them.
      impl_->header_bytes += n;
      if (impl_->header_bytes > limits::kHttpHeaderBytesMax) {
        return impl_->refuse({431, "the request header is too large"});
      }
    }
    if (parser.is_header_done() && !impl_->header_checked) {
      impl_->header_checked = true;
      if (const Failure f = impl_->check_header(); f.status != 0) return impl_->refuse(f);
      parser.eager(true);
      if (!parser.is_done()) return Status::kHead;
    }
    if (error == http::error::need_more) break;
  }
  if (parser.is_done()) return Status::kDone;
  // Chunk headers and trailers, too, must fit.
  if (bytes.size() - consumed > limits::kHttpHeaderBytesMax) return impl_->refuse({431, "a line is too long"});
  return Status::kNeedMore;
}

bool HttpParser::wants_continue() const {
  const auto& parser = impl_->parser;
  return parser.is_header_done() && !parser.is_done() && parser.get().version() >= 11 &&
         equals_ignore_case(view(parser.get()[http::field::expect]), "100-continue");
}

int HttpParser::error_status() const {
  return impl_->failure.status;
}

std::string_view HttpParser::error_text() const {
  return impl_->failure.text;
}

void HttpParser::set_body_limit(uint64_t bytes) {
  impl_->parser.body_limit(bytes);
  const auto announced = impl_->parser.content_length();
  impl_->body_too_long = announced && *announced > bytes;
}

std::string HttpParser::take_body_piece() {
  return std::exchange(impl_->parser.get().body(), {});
}

HttpRequest HttpParser::take_request() {
  HttpRequest out = head();
  out.body = std::move(impl_->parser.get().body());
  return out;
}

HttpRequest HttpParser::head() const {
  const auto& message = impl_->parser.get();
  HttpRequest out;
  out.method = upper(view(message.method_string()));
  out.target = view(message.target());
  for (const auto& field : message) {
    out.headers.emplace_back(std::string(view(field.name_string())), std::string(view(field.value())));
  }
  // Java cannot send PATCH (reference/service-rest.md §1).
  if (out.method == "POST") {
    const std::string_view override_method = out.header("X-HTTP-Method-Override").value_or("");
    if (is_http_token(override_method)) out.method = upper(override_method);
  }
  return out;
}

bool HttpParser::keep_alive() const {
  return impl_->parser.get().version() >= 11 && impl_->parser.keep_alive();
}

bool HttpParser::is_head() const {
  return impl_->parser.get().method() == http::verb::head;
}

}  // namespace nave::net
