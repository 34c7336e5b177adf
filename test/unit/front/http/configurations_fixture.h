// Requests about configurations, and what became of twins, for tests over the service API.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "json/write.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {

class HttpConfigurations : public ApiFixture {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  static std::string path(const std::string& id = "") {
    return "/configurations" + (id.empty() ? "" : "/" + id) + "?api-version=2021-04-12";
  }
  Response put(const std::string& id, const std::string& body, Headers headers = {}) {
    return send("PUT", path(id), body, std::move(headers));
  }
  // With the rest of the body behind the content.
  static std::string device_content(const std::string& content, const std::string& rest) {
    return R"({"content":{"deviceContent":)" + content + "}" + (rest.empty() ? "" : "," + rest) + "}";
  }
  Response put_device(const std::string& id, const std::string& content, const std::string& rest,
                      Headers headers = {}) {
    return put(id, device_content(content, rest), std::move(headers));
  }
  Response put_edge(const std::string& id, const std::string& modules, const std::string& rest) {
    return put(id, R"({"content":{"modulesContent":)" + modules + "}," + rest + "}");
  }
  Response get(const std::string& id) { return send("GET", path(id)); }
  Response remove(const std::string& id, Headers headers = {}) {
    return send("DELETE", path(id), "", std::move(headers));
  }
  void make(const std::string& id, const std::string& body = "{}") {
    ASSERT_EQ(send("PUT", "/devices/" + id + "?api-version=2021-04-12", body).status, 200);
  }
  void patch(const std::string& twin, const std::string& body) {
    ASSERT_EQ(send("PATCH", "/twins/" + twin + "?api-version=2021-04-12", body).status, 200);
  }
  void report(const IdentityKey& key, const std::string& body) {
    twins.patch_reported({key, store.find(key)->generation_id}, body, {}, shard.executor,
                         [](hub::HubResult<uint64_t> done) { EXPECT_TRUE(done); });
    shard.run_until_idle();
  }
  json::Value at(const std::string& twin, const std::vector<std::string>& names) {
    json::Value value = send("GET", "/twins/" + twin + "?api-version=2021-04-12").json();
    for (const std::string& name : names) {
      const json::Value* next = value.if_object() == nullptr ? nullptr : value.if_object()->find(name);
      if (next == nullptr) return {};
      value = json::Value(*next);
    }
    return value;
  }
  // Without what begins with '$'.
  std::string desired(const std::string& twin) {
    json::Value out = at(twin, {"properties", "desired"});
    out.if_object()->erase("$metadata");
    out.if_object()->erase("$version");
    return json::to_text(out);
  }
  std::string version(const std::string& twin) {
    return json::to_text(at(twin, {"properties", "desired", "$version"}));
  }
  std::string statuses(const std::string& twin) {
    const json::Value out = at(twin, {"configurations"});
    return out.is_null() ? "" : json::to_text(out);
  }
  static std::string refusal(const Response& r) {
    return std::to_string(r.status) + " " + r.header("iothub-errorcode");
  }
  std::string modules(const std::string& device) {
    std::string out;
    for (const hub::Identity& m : store.list_modules(device)) out += (out.empty() ? "" : " ") + m.key.module;
    return out;
  }
};

}  // namespace nave::test
