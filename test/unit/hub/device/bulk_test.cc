#include "hub/device/bulk.h"

#include <gtest/gtest.h>

#include "hub/device/bulk_json.h"
#include "json/parse.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

// Puts identities through until a test says otherwise, and twins not at all if it says so.
class FragileTwins final : public TwinStore {
 public:
  explicit FragileTwins(TwinStore& inner) : inner_(inner) {}
  [[nodiscard]] Result<std::optional<Twin>, StoreError> load_twin(const IdentityKey& key) const override {
    return inner_.load_twin(key);
  }
  void put_twin(TwinWrite write, Executor& reply_on, StoreReply reply) override {
    if (!broken) return inner_.put_twin(std::move(write), reply_on, std::move(reply));
    reply_on.post([reply = std::move(reply)]() mutable { reply(fail(StoreError::kUnavailable)); });
  }
  bool broken = false;

 private:
  TwinStore& inner_;
};

class BulkTest : public testing::Test {
 protected:
  // The outcomes of the items of a JSON array.
  std::vector<BulkOutcome> run(std::string_view text) {
    const auto array = json::parse(text);
    EXPECT_TRUE(array && array->if_array() != nullptr) << text;
    std::vector<BulkItem> items;
    for (const json::Value& v : *array->if_array()) {
      auto item = read_bulk_item(v, BulkDialect::kRest);
      EXPECT_TRUE(item) << text;
      items.push_back(*std::move(item));
    }
    std::optional<std::vector<BulkOutcome>> out;
    bulk.run(std::move(items), shard.executor, [&](std::vector<BulkOutcome> o) { out = std::move(o); });
    EXPECT_FALSE(out) << "never inside the call";
    shard.run_until_idle();
    return out.value_or(std::vector<BulkOutcome>());
  }
  // The name of the only item's error, "" without one.
  std::string one(std::string_view text) {
    const auto out = run("[" + std::string(text) + "]");
    EXPECT_EQ(out.size(), 1U);
    return out.at(0).error ? std::string(row(out[0].error->code).name) : "";
  }
  Twin twin(const IdentityKey& key) {
    const auto stored = store.load_twin(key).value();
    return stored ? *stored : fresh_twin(*store.find(key));
  }
  std::string etag(const IdentityKey& key) { return counter_etag_text(store.find(key)->etag); }

  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store{50};
  FragileTwins fragile{store};
  HubInfo hub{"hub1.example.test", {}};
  SessionDirectory sessions{store, shard.clock, metrics};
  Registry registry{store, sessions, hub, shard.clock};
  TwinService twins{fragile, registry, sessions, shard.clock, metrics};
  BulkRegistry bulk{registry, twins};
};

TEST_F(BulkTest, NothingIsDoneForNothing) {
  EXPECT_TRUE(run("[]").empty());
}

TEST_F(BulkTest, ItemsSucceedAndFailByThemselvesAndAnswerInTheirOrder) {
  ASSERT_EQ(one(R"({"id":"b","importMode":"create"})"), "");
  const auto out = run(R"([{"id":"c","importMode":"create"},{"id":"b","importMode":"create"},
                           {"id":"a","importMode":"create"},{"id":"x/y","importMode":"create"}])");
  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(out[0].key.device, "c");
  EXPECT_FALSE(out[0].error);
  EXPECT_EQ(out[1].error->code, ErrorCode::kDeviceAlreadyExists);
  EXPECT_EQ(out[1].error->message, "A device with ID 'b' is already registered.");
  EXPECT_FALSE(out[2].error);
  EXPECT_EQ(out[3].key.device, "x/y");
  EXPECT_EQ(out[3].error->code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(store.counts().devices, 3U);
}

TEST_F(BulkTest, EveryModeDoesWhatItSaysOfADeviceThatIsThereAndOneThatIsNot) {
  struct Row {
    const char* mode;
    const char* absent;
    const char* present;
  };
  const Row rows[] = {
      {"create", "", "DeviceAlreadyExists"}, {"createOrUpdate", "", ""},           {"update", "DeviceNotFound", ""},
      {"delete", "DeviceNotFound", ""},      {"updateTwin", "DeviceNotFound", ""},
  };
  for (const Row& r : rows) {
    const std::string item = std::string(R"({"id":"d","importMode":")") + r.mode + R"("})";
    (void)one(R"({"id":"d","importMode":"delete"})");
    EXPECT_EQ(one(item), r.absent) << item;
    (void)one(R"({"id":"d","importMode":"createOrUpdate"})");
    EXPECT_EQ(one(item), r.present) << item;
  }
}

TEST_F(BulkTest, ConditionalModesWantTheEtagOfTheIdentity) {
  ASSERT_EQ(one(R"({"id":"d"})"), "");
  for (const std::string mode : {"updateIfMatchETag", "createOrUpdateIfMatchETag"}) {
    const std::string head = R"({"id":"d","importMode":")" + mode + R"(","eTag":)";
    EXPECT_EQ(one(head + R"("MQ=="})"), "PreconditionFailed") << mode;
    EXPECT_EQ(one(head + R"("nonsense"})"), "PreconditionFailed") << mode;
    EXPECT_EQ(one(head + '"' + etag({"d", ""}) + R"("})"), "") << mode;
    EXPECT_EQ(one(head + R"("\")" + etag({"d", ""}) + R"(\""})"), "") << mode << ", quoted as in the header";
    EXPECT_EQ(one(head + R"("*"})"), "") << mode;
  }
  EXPECT_EQ(one(R"({"id":"d","importMode":"updateIfMatchETag"})"), "PreconditionFailed");
  EXPECT_EQ(one(R"({"id":"d","importMode":"createOrUpdateIfMatchETag"})"), "DeviceAlreadyExists");
  EXPECT_EQ(one(R"({"id":"n","importMode":"createOrUpdateIfMatchETag"})"), "");
  EXPECT_EQ(one(R"({"id":"o","importMode":"createOrUpdateIfMatchETag","eTag":"MQ=="})"), "");
  EXPECT_EQ(one(R"({"id":"d","importMode":"deleteIfMatchETag"})"), "PreconditionFailed");
  EXPECT_EQ(one(R"({"id":"d","importMode":"deleteIfMatchETag","etag":"MQ=="})"), "PreconditionFailed");
  EXPECT_EQ(one(R"({"id":"d","importMode":"deleteIfMatchEtag","etag":"*"})"), "") << "as Explorer sends it";
  EXPECT_FALSE(store.find({"d", ""}));
}

TEST_F(BulkTest, ADeviceIsCreatedWithItsTwinInOneStep) {
  fragile.broken = true;  // a second step could not happen
  ASSERT_EQ(one(R"({"id":"d","importMode":"create","tags":{"site":"x","gone":null},
                    "properties":{"desired":{"a":1.0,"$version":7,"$metadata":{}},"reported":{"r":1}}})"),
            "");
  const Twin stored = twin({"d", ""});
  EXPECT_EQ(stored.tags, R"({"site":"x"})");
  EXPECT_EQ(stored.desired.values, R"({"a":1.0})");
  EXPECT_EQ(stored.desired.version, 1U);
  EXPECT_EQ(stored.reported, fresh_twin(*store.find({"d", ""})).reported) << "reported properties are the device's";
  EXPECT_EQ(twin_etag_text(stored), "AAAAAAAAAAE=");
  const std::string when = R"("$lastUpdated":")" + format_iso8601(creation_time(*store.find({"d", ""}))) + '"';
  EXPECT_EQ(stored.desired.metadata,
            "{" + when + R"(,"$lastUpdatedVersion":1,"a":{)" + when + R"(,"$lastUpdatedVersion":1}})");
}

TEST_F(BulkTest, ATwinThatBreaksARuleKeepsTheIdentityOut) {
  for (const char* mode : {"create", "createOrUpdate"}) {
    EXPECT_EQ(one(std::string(R"({"id":"d","importMode":")") + mode + R"(","tags":{"a.b":1}})"), "ArgumentInvalid");
    EXPECT_FALSE(store.find({"d", ""}));
  }
  ASSERT_EQ(one(R"({"id":"d"})"), "");
  const std::string before = etag({"d", ""});
  EXPECT_EQ(one(R"({"id":"d","tags":{"a.b":1}})"), "ArgumentInvalid");
  EXPECT_EQ(etag({"d", ""}), before);
}

TEST_F(BulkTest, CreateOrUpdateReplacesTheSectionsThatItNames) {
  ASSERT_EQ(one(R"({"id":"d","tags":{"a":1,"b":2},"properties":{"desired":{"x":1,"y":2}}})"), "");
  ASSERT_EQ(one(R"({"id":"d","tags":{"c":3}})"), "");
  EXPECT_EQ(twin({"d", ""}).tags, R"({"c":3})");
  EXPECT_EQ(twin({"d", ""}).desired.values, R"({"x":1,"y":2})");
  EXPECT_EQ(twin({"d", ""}).desired.version, 1U);
  ASSERT_EQ(one(R"({"id":"d","tags":null,"properties":{"desired":{"z":3}}})"), "");
  EXPECT_EQ(twin({"d", ""}).tags, R"({"c":3})") << "null is what C# writes for nothing";
  EXPECT_EQ(twin({"d", ""}).desired.values, R"({"z":3})");
  EXPECT_EQ(twin({"d", ""}).desired.version, 2U);
  EXPECT_EQ(one(R"({"id":"d","twinETag":"AAAAAAAAAAE=","tags":{}})"), "PreconditionFailed");
  EXPECT_EQ(one(R"({"id":"d","twinETag":"AAAAAAAAAAM=","tags":{}})"), "");
  EXPECT_EQ(twin({"d", ""}).tags, "{}");
}

TEST_F(BulkTest, OtherModesDoNotTouchTheTwin) {
  ASSERT_EQ(one(R"({"id":"d","tags":{"a":1}})"), "");
  ASSERT_EQ(one(R"({"id":"d","importMode":"update","tags":{"a":2}})"), "");
  EXPECT_EQ(twin({"d", ""}).tags, R"({"a":1})");
}

TEST_F(BulkTest, UpdateTwinPatchesAndMovesNoIdentity) {
  ASSERT_EQ(one(R"({"id":"d","tags":{"a":1},"properties":{"desired":{"x":1}}})"), "");
  const std::string before = etag({"d", ""});
  ASSERT_EQ(one(R"({"id":"d","importMode":"UpdateTwin","status":"disabled","tags":{"b":2,"a":null},
                    "properties":{"desired":{"y":2}}})"),
            "");
  EXPECT_EQ(twin({"d", ""}).tags, R"({"b":2})");
  EXPECT_EQ(twin({"d", ""}).desired.values, R"({"x":1,"y":2})");
  EXPECT_EQ(etag({"d", ""}), before);
  EXPECT_TRUE(store.find({"d", ""})->enabled);
  const std::string head = R"({"id":"d","importMode":"updateTwinIfMatchETag","tags":{"c":1})";
  EXPECT_EQ(one(head + "}"), "PreconditionFailed");
  EXPECT_EQ(one(head + R"(,"twinETag":"AAAAAAAAAAE="})"), "PreconditionFailed");
  EXPECT_EQ(one(head + R"(,"twinETag":"x"})"), "PreconditionFailed");
  EXPECT_EQ(one(head + R"(,"twinETag":"AAAAAAAAAAI="})"), "");
  EXPECT_EQ(one(head + R"(,"twinETag":"*"})"), "");
}

TEST_F(BulkTest, AnIdentityWhoseTwinCannotBeWrittenIsAWarning) {
  ASSERT_EQ(one(R"({"id":"d"})"), "");
  fragile.broken = true;
  const auto out = run(R"([{"id":"d","tags":{"a":1}}])");
  EXPECT_FALSE(out.at(0).error);
  ASSERT_TRUE(out[0].warning);
  EXPECT_EQ(out[0].warning->code, "DeviceRegisteredWithoutTwin");
}

TEST_F(BulkTest, ItemsOfOneDeviceTakePlaceInTheirOrder) {
  const auto out = run(R"([{"id":"d","moduleId":"early","importMode":"create"},{"id":"d","importMode":"create"},
                           {"id":"d","moduleId":"m","managedBy":"me","importMode":"create","tags":{"t":1}},
                           {"id":"d","moduleId":"m","importMode":"create"},
                           {"id":"d","moduleId":"$edgeAgent","importMode":"create"}])");
  ASSERT_EQ(out.size(), 5U);
  EXPECT_EQ(out[0].error->code, ErrorCode::kDeviceNotFound);
  EXPECT_FALSE(out[1].error);
  EXPECT_FALSE(out[2].error);
  EXPECT_EQ(out[3].error->code, ErrorCode::kModuleAlreadyExistsOnDevice);
  EXPECT_EQ(out[3].key.module, "m");
  EXPECT_EQ(out[4].error->code, ErrorCode::kArgumentInvalid);
  EXPECT_EQ(store.find({"d", "m"})->managed_by, "me");
  EXPECT_EQ(twin({"d", "m"}).tags, R"({"t":1})");
}

TEST_F(BulkTest, SystemModulesAreUpdatedWhereTheirDeviceMadeThem) {
  ASSERT_EQ(one(R"({"id":"e","capabilities":{"iotEdge":true}})"), "");
  EXPECT_EQ(one(R"({"id":"e","moduleId":"$edgeAgent","authentication":{"type":"none"},"tags":{"a":1}})"), "");
  EXPECT_EQ(twin({"e", "$edgeAgent"}).tags, R"({"a":1})");
}

TEST_F(BulkTest, TheHubsRoomIsAnErrorOfTheItem) {
  std::string items;
  for (int i = 0; i < 51; ++i) items += (i == 0 ? "[" : ",") + std::string(R"({"id":"d)") + std::to_string(i) + R"("})";
  const auto out = run(items + "]");
  EXPECT_EQ(std::count_if(out.begin(), out.end(), [](const BulkOutcome& o) { return o.error.has_value(); }), 1);
  EXPECT_EQ(out.back().error->code, ErrorCode::kTooManyDevices);
}

TEST(BulkErrorCodes, OnlyNamesThatCSharpKnows) {
  EXPECT_EQ(bulk_error_code(ErrorCode::kTooManyModulesOnDevice), ErrorCode::kTooManyModulesOnDevice);
  EXPECT_EQ(bulk_error_code(ErrorCode::kInvalidDeviceScope), ErrorCode::kArgumentInvalid);
  EXPECT_EQ(bulk_error_code(ErrorCode::kServiceUnavailable), ErrorCode::kServerError);
}

}  // namespace
}  // namespace nave::hub
