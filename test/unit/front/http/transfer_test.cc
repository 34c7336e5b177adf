// Import and export jobs over the API (reference/service-rest.md §10), against the hub's own containers.
#include <algorithm>

#include "json/parse.h"
#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

constexpr const char* kVersion = "?api-version=2021-04-12";

class TransferTest : public ApiFixture {
 protected:
  void SetUp() override { ASSERT_TRUE(blobs.create_container("box", {})); }

  [[nodiscard]] std::string uri(const std::string& permissions = "racwdl", const std::string& container = "box") const {
    return std::string("https://") + kHost + "/navestorage/" + container + "?" +
           auth::make_blob_sas(blob_account, {container, ""}, permissions, shard.clock.utc() + std::chrono::hours(1));
  }
  void put(const std::string& name, const std::string& bytes) {
    const auto upload = blobs.begin();
    ASSERT_TRUE(upload->write(bytes));
    ASSERT_TRUE(upload->finish());
    ASSERT_TRUE(blobs.put({"box", name, {}, {}, {}}, upload));
  }
  std::string blob(const std::string& name) {
    const auto found = blobs.find("box", name);
    if (!found) return "(none)";
    std::string out(found->size, '\0');
    EXPECT_TRUE((*blobs.open(*found))->read_at(0, out));
    return out;
  }
  Response create(const std::string& body) { return send("POST", std::string("/jobs/create") + kVersion, body); }
  Response import(const std::string& lines, const std::string& more = "") {
    put("devices.txt", lines);
    return create(R"({"jobId":"j","type":"import","inputBlobContainerUri":")" + uri() +
                  R"(","outputBlobContainerUri":")" + uri() + "\"" + more + "}");
  }
  Response run_export(const std::string& more = "") {
    return create(R"({"jobId":"e","type":"export","outputBlobContainerUri":")" + uri() + "\"" + more + "}");
  }
  std::string job(const std::string& id) { return send("GET", "/jobs/" + id + kVersion).body; }
};

TEST_F(TransferTest, AnImportWritesItsLinesAndLogsTheOthers) {
  const Response made = import(
      "{\"id\":\"a\",\"importMode\":\"create\",\"status\":\"enabled\",\"tags\":{\"x\":1}}\n"
      "{\"id\":\"a\",\"moduleId\":\"m\",\"importMode\":\"create\",\"status\":\"enabled\"}\n"
      "nonsense\n"
      "{\"id\":\"b\",\"importMode\":\"update\",\"status\":\"enabled\"}");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_NE(job("j").find(R"("status":"completed","progress":100)"), std::string::npos) << job("j");
  EXPECT_NE(job("j").find(R"("failureReason":null)"), std::string::npos);
  EXPECT_EQ(job("j").find("sig="), std::string::npos);
  EXPECT_TRUE(store.find({"a", "m"}));
  EXPECT_NE(send("GET", std::string("/twins/a") + kVersion).body.find(R"("tags":{"x":1})"), std::string::npos);
  EXPECT_EQ(blob("importErrors.log"),
            "{\"errorCode\":400012,\"errorStatus\":\"Invalid device format in line: nonsense\"}\n"
            "{\"deviceId\":\"b\",\"errorCode\":404001,\"errorStatus\":\"b\"}\n");
}

TEST_F(TransferTest, NothingToImportIsAnEmptyLog) {
  ASSERT_EQ(import("").status, 200);
  EXPECT_EQ(blob("importErrors.log"), "");
  EXPECT_NE(job("j").find("completed"), std::string::npos);
}

TEST_F(TransferTest, AnExportHasEveryIdentityOnce) {
  for (int i = 0; i < 1200; ++i) (void)send("PUT", "/devices/d" + std::to_string(i) + kVersion, "{}");
  (void)send("PUT", std::string("/devices/d7/modules/m") + kVersion, "{}");
  ASSERT_EQ(run_export().status, 200);
  const std::string text = blob("devices.txt");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1201);
  EXPECT_NE(text.find(R"({"id":"d7","moduleId":"m",)"), std::string::npos);
  EXPECT_EQ(text.find("\"primaryKey\":null"), std::string::npos);
}

TEST_F(TransferTest, WithoutKeysTheFirstLineWarns) {
  (void)send("PUT", std::string("/devices/d") + kVersion, "{}");
  ASSERT_EQ(run_export(R"(,"excludeKeysInExport":true,"includeConfigurations":true)").status, 200);
  const std::string text = blob("devices.txt");
  EXPECT_TRUE(text.starts_with("Warning")) << text;
  EXPECT_NE(text.find(R"("symmetricKey":{"primaryKey":null,"secondaryKey":null})"), std::string::npos) << text;
  EXPECT_EQ(blob("configurations.txt"), "");
}

TEST_F(TransferTest, StorageIsLookedAtFirst) {
  const auto refused = [this](const std::string& body) {
    const Response r = create(body);
    EXPECT_EQ(r.status, 400) << body;
    return r.header("iothub-errorcode");
  };
  for (const std::string& out :
       {uri("r"), uri("rwl"), uri("racwdl", "none"), uri() + "x", std::string("https://other/c"),
        std::string("http://hub/c"), std::string("nonsense")}) {
    EXPECT_EQ(refused(R"({"type":"export","outputBlobContainerUri":")" + out + "\"}"), "BlobContainerValidationError")
        << out;
  }
  EXPECT_EQ(refused(R"({"type":"import","inputBlobContainerUri":")" + uri() + R"(","outputBlobContainerUri":")" +
                    uri() + "\"}"),
            "BlobContainerValidationError")
      << "there is no devices.txt";
  EXPECT_EQ(refused(R"({"type":"export"})"), "ArgumentNull");
  EXPECT_EQ(refused(R"({"type":"other"})"), "ArgumentInvalid");
  EXPECT_EQ(run_export().status, 200) << "a refused job leaves the place free";
}

TEST_F(TransferTest, OneAtATimeAndCancelled) {
  put("devices.txt", "{\"id\":\"a\",\"importMode\":\"create\",\"status\":\"enabled\"}\n");
  std::vector<int> statuses;
  const auto start = [&](const std::string& id) {
    net::HttpRequest request;
    request.method = "POST";
    request.target = std::string("/jobs/create") + kVersion;
    request.headers = {{"Authorization", token("iothubowner")}};
    request.body = R"({"jobId":")" + id + R"(","type":"import","inputBlobContainerUri":")" + uri() +
                   R"(","outputBlobContainerUri":")" + uri() + "\"}";
    api->handle(std::move(request), shard.context, [&](const net::HttpResponse& r) { statuses.push_back(r.status); });
  };
  start("one");
  start("two");
  ASSERT_TRUE(shard.executor.run_one());  // what storage says of the first
  shard.run_until_idle();
  std::ranges::sort(statuses);
  EXPECT_EQ(statuses, (std::vector<int>{200, 403}));
  EXPECT_EQ(send("DELETE", std::string("/jobs/one") + kVersion).status, 204) << "one that has ended stays as it is";
  EXPECT_EQ(send("DELETE", std::string("/jobs/none") + kVersion).header("iothub-errorcode"), "JobNotFound");
  EXPECT_EQ(send("GET", std::string("/jobs/none") + kVersion).status, 404);
}

TEST_F(TransferTest, JobsAreListedForThirtyDays) {
  ASSERT_EQ(run_export().status, 200);
  EXPECT_NE(send("GET", std::string("/jobs") + kVersion).body.find(R"("jobId":"e")"), std::string::npos);
  EXPECT_EQ(create(R"({"jobId":"e","type":"export","outputBlobContainerUri":")" + uri() + "\"}").status, 409);
  shard.clock.advance(std::chrono::hours(24 * 30 - 1));
  transfers.on_tick();
  EXPECT_NE(job("e").find("completed"), std::string::npos);
  shard.clock.advance(std::chrono::hours(2));
  transfers.on_tick();
  shard.run_until_idle();
  EXPECT_EQ(send("GET", std::string("/jobs") + kVersion).body, "[]");
  EXPECT_TRUE(store.load_transfers().empty());
}

TEST_F(TransferTest, AnImportGoesOnBehindWhatTookPlace) {
  const std::string first = "{\"id\":\"a\",\"importMode\":\"create\",\"status\":\"enabled\"}\n";
  const std::string rest =
      "{\"id\":\"b\",\"importMode\":\"create\",\"status\":\"enabled\"}\n"
      "{\"id\":\"gone\",\"importMode\":\"delete\",\"status\":\"enabled\"}\n"
      "{\"id\":\"c\",\"importMode\":\"create\",\"status\":\"enabled\"}\n";
  put("devices.txt", first + rest);
  // A crash after the first line was kept, with "b" and "gone" done but not known to be.
  ASSERT_TRUE(blobs.create_append({"box", "importErrors.log", {}, {}, {}}));
  hub::TransferJob job;
  job.id = "broken";
  job.type = hub::TransferType::kImport;
  job.input_uri = job.output_uri = uri();
  job.input_blob = "devices.txt";
  job.output_blob = "importErrors.log";
  job.configurations_blob = "configurations.txt";
  job.status = hub::TransferStatus::kRunning;
  job.started = shard.clock.utc();
  job.offset = first.size();
  job.log_pending = "pending\n";
  store.put_transfer(job, shard.executor, [](Result<void, hub::StoreError>) {});
  shard.clock.advance(std::chrono::milliseconds(10));
  (void)send("PUT", std::string("/devices/b") + kVersion, "{}");
  hub::TransferService again({store, store, store, bulk, containers, shard.executor, shard.clock}, metrics);
  again.resume();
  shard.run_until_idle();
  EXPECT_EQ(again.find("broken")->status, hub::TransferStatus::kCompleted) << again.find("broken")->failure;
  EXPECT_FALSE(store.find({"a", ""})) << "not done again";
  EXPECT_TRUE(store.find({"c", ""}));
  EXPECT_EQ(blob("importErrors.log"), "pending\n");
}

}  // namespace
}  // namespace nave::test
