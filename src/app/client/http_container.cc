#include "app/client/http_container.h"

#include <charconv>
#include <stdexcept>
#include <vector>

#include "app/client/http_client.h"
#include "base/base64.h"
#include "base/random.h"
#include "base/url.h"
#include "hub/transfer/own_container.h"

namespace nave::app {
namespace {

using hub::ContainerError;
using hub::ContainerResult;

constexpr int kTimeoutMs = 30'000;
constexpr const char* kVersion = "2020-10-02";

// What the storage says of an error, never more than its code.
ContainerError refusal(const ClientResponse& response) {
  const auto code = response.headers.find("x-ms-error-code");
  return code != response.headers.end() && code->second.size() < 100 ? code->second
                                                                     : "status " + std::to_string(response.status);
}

class Remote {
 public:
  Remote(hub::ContainerUri uri, const std::string& ca_file)
      : uri_(std::move(uri)), client_({uri_.host, uri_.port, ca_file}) {}

  // `parameters` begin with '&' or are empty. Statuses other than 2xx are errors.
  ContainerResult<ClientResponse> call(const std::string& method, const std::string& blob,
                                       const std::string& parameters, ClientHeaders headers, const std::string& body) {
    headers.emplace_back("x-ms-version", kVersion);
    try {
      ClientResponse out = client_.request(
          method, uri_.path + "/" + percent_encode(blob) + "?" + uri_.query + parameters, headers, body, kTimeoutMs);
      if (out.status / 100 != 2) return fail(refusal(out));
      return out;
    } catch (const std::runtime_error& e) {
      return fail(ContainerError(e.what()));
    }
  }

 private:
  const hub::ContainerUri uri_;
  HttpClient client_;
};

ContainerResult<void> done(const ContainerResult<ClientResponse>& response) {
  if (!response) return fail(response.error());
  return {};
}

class RemoteWriter final : public hub::ContainerWriter {
 public:
  RemoteWriter(Remote& remote, std::string blob) : remote_(remote), blob_(std::move(blob)) {}

  ContainerResult<void> write(ByteView bytes) override {
    std::string number = std::to_string(ids_.size());
    number.insert(0, 8 - number.size(), '0');
    ids_.push_back(base64_encode(number));
    return done(
        remote_.call("PUT", blob_, "&comp=block&blockid=" + percent_encode(ids_.back()), {}, std::string(bytes)));
  }
  ContainerResult<void> finish() override {
    std::string list = R"(<?xml version="1.0" encoding="utf-8"?><BlockList>)";
    for (const std::string& id : ids_) list += "<Latest>" + id + "</Latest>";
    list += "</BlockList>";
    return done(remote_.call("PUT", blob_, "&comp=blocklist", {{"Content-Type", "application/xml"}}, list));
  }

 private:
  Remote& remote_;
  const std::string blob_;
  std::vector<std::string> ids_;
};

class RemoteContainer final : public hub::Container {
 public:
  RemoteContainer(hub::ContainerUri uri, const std::string& ca_file) : remote_(std::move(uri), ca_file) {}

  ContainerResult<uint64_t> size(const std::string& blob) override {
    // One byte, because the answer to HEAD has a length and no body; of an empty blob there is no first byte.
    const auto answer = remote_.call("GET", blob, "", {{"x-ms-range", "bytes=0-0"}}, "");
    if (!answer && answer.error() == "InvalidRange") return uint64_t{0};
    if (!answer) return fail(answer.error());
    const auto range = answer->headers.find("content-range");
    if (range == answer->headers.end()) return uint64_t{answer->body.size()};
    const std::string& text = range->second;
    uint64_t out = 0;
    const size_t slash = std::min(text.find('/'), text.size() - 1);
    const auto [end, problem] = std::from_chars(text.data() + slash + 1, text.data() + text.size(), out);
    if (problem != std::errc()) return fail(ContainerError("the answer has no size"));
    return out;
  }

  ContainerResult<std::string> read(const std::string& blob, uint64_t offset, size_t bytes) override {
    const std::string range = "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + bytes - 1);
    auto answer = remote_.call("GET", blob, "", {{"x-ms-range", range}}, "");
    if (!answer) return fail(answer.error());
    if (answer->status != 206 || answer->body.size() > bytes) return fail(ContainerError("ranges are not supported"));
    return std::move(answer->body);
  }

  std::unique_ptr<hub::ContainerWriter> write(const std::string& blob) override {
    return std::make_unique<RemoteWriter>(remote_, blob);
  }

  ContainerResult<void> create_log(const std::string& blob) override {
    return done(remote_.call("PUT", blob, "", {{"x-ms-blob-type", "AppendBlob"}}, ""));
  }

  ContainerResult<void> append_log(const std::string& blob, uint64_t at, ByteView bytes) override {
    auto appended = remote_.call("PUT", blob, "&comp=appendblock",
                                 {{"x-ms-blob-condition-appendpos", std::to_string(at)}}, std::string(bytes));
    if (appended || appended.error() != "AppendPositionConditionNotMet") return done(appended);
    const auto there = size(blob);
    if (there && *there == at + bytes.size()) return {};
    return fail(appended.error());
  }

  ContainerResult<void> check_writable() override {
    const std::string probe = "nave-" + random_hex(16);
    if (auto made = remote_.call("PUT", probe, "", {{"x-ms-blob-type", "BlockBlob"}}, "probe"); !made) {
      return done(made);
    }
    return done(remote_.call("DELETE", probe, "", {}, ""));
  }

 private:
  Remote remote_;
};

}  // namespace

ContainerResult<std::unique_ptr<hub::Container>> HttpContainers::open(const std::string& text) {
  auto uri = hub::parse_container_uri(text);
  if (!uri) return fail(ContainerError("The address of the container is not an https URI"));
  return std::make_unique<RemoteContainer>(*std::move(uri), ca_file_);
}

}  // namespace nave::app
