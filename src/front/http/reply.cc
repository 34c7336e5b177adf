#include "front/http/reply.h"

#include "base/random.h"
#include "front/http/errors.h"
#include "json/write.h"

namespace nave::front::http {
namespace {

constexpr const char* kJsonType = "application/json; charset=utf-8";

}  // namespace

void Reply::json(int status, const json::Value& body, Headers headers) {
  json_text(status, json::to_text(body), std::move(headers));
}

void Reply::json_text(int status, std::string body, Headers headers) {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace_back("Content-Type", kJsonType);
  response.body = std::move(body);
  send(std::move(response));
}

void Reply::empty(int status, Headers headers) {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  send(std::move(response));
}

void Reply::text(int status, std::string content_type, std::string body, Headers headers) {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace_back("Content-Type", std::move(content_type));
  response.body = std::move(body);
  send(std::move(response));
}

void Reply::error(const hub::Error& error, Headers headers) {
  send_error(error, error_body(error, tracking()), std::move(headers));
}

void Reply::nested_error(const hub::Error& error) {
  send_error(error, nested_error_body(error, tracking(), clock_->utc()), {});
}

void Reply::send_error(const hub::Error& error, std::string body, Headers headers) {
  net::HttpResponse response;
  response.status = row(error.code).http_status;
  response.headers = std::move(headers);
  response.headers.emplace_back("Content-Type", kJsonType);
  response.headers.emplace_back("iothub-errorcode", row(error.code).name);
  response.body = std::move(body);
  response.close = response.status == 429;  // as the real hub does (§1)
  send(std::move(response));
}

void Reply::send(net::HttpResponse response) {
  response.headers.emplace_back("x-ms-request-id", random_uuid());
  respond_(std::move(response));
}

std::string Reply::tracking() const {
  return tracking_id(format_tracking(clock_->utc()));
}

}  // namespace nave::front::http
