// Random configurations over random twins: whatever the order of changes, the outcome is that of an evaluator that is
// slow and obvious, and evaluating everything once more changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "hub/configuration/service.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/memory/device_store.h"
#include "support/fake_shard.h"

namespace nave::hub {
namespace {

// Documents of one level: enough for paths, whole documents and what is in the way of what.
using Document = std::map<std::string, std::string>;

struct ModelConfiguration {
  std::string id;
  int kind = 0;  // 0: device, 1: base deployment, 2: layered deployment
  int64_t priority = 0;
  int64_t created = 0;
  // Condition: {field, at least}; "" targets nothing, "*" everything.
  std::string field;
  int at_least = 0;
  bool whole = false;                       // of a device's content
  Document writes;                          // device content
  std::map<std::string, Document> modules;  // of deployments: whole documents (base) or paths (layered)
  std::set<std::string> listed;             // in $edgeAgent's modules
};

struct ModelTwin {
  bool edge = false;
  int tag = 0, reported = 0;
  Document desired;
  std::map<std::string, std::string> statuses;
  std::map<std::string, Document> modules;
  std::set<std::string> agent_listed;
};

class RandomConfigurations : public testing::TestWithParam<uint32_t> {
 protected:
  test::FakeShard shard;
  Metrics metrics;
  store::memory::MemoryDeviceStore store;
  HubInfo hub{"hub.example.test", {}};
  SessionDirectory sessions{store, shard.clock, metrics};
  Registry registry{store, sessions, hub, shard.clock};
  TwinService twins{store, registry, sessions, shard.clock, metrics};
  std::unique_ptr<ConfigurationService> service;
  std::mt19937 random{GetParam()};
  bool erases = true;
  std::map<std::string, ModelConfiguration> configurations;
  std::map<std::string, ModelTwin> devices;

  void SetUp() override { begin(); }
  void begin() {
    service = std::make_unique<ConfigurationService>(
        ConfigurationService::Parts{store, store, store, store, registry, twins, shard.executor, shard.clock}, metrics);
    registry.set_listener(service->listener());
    twins.set_listener(service->listener());
    service->start();
  }

  int pick(int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); }

  // ---- what is done to the hub, and to the model

  static std::string condition_of(const ModelConfiguration& c) {
    if (c.field.empty() || c.field == "*") return c.field;
    return c.field + " >= " + std::to_string(c.at_least);
  }
  static json::Object object_of(const Document& d) {
    json::Object out;
    for (const auto& [k, v] : d) out.append(k, v);
    return out;
  }
  static json::Object paths_of(const Document& d) {
    json::Object out;
    for (const auto& [k, v] : d) out.append("properties.desired." + k, v);
    return out;
  }
  static json::Object whole_of(json::Object document) {
    json::Object out;
    out.append("properties.desired", std::move(document));
    return out;
  }
  static json::Object agent_of(const ModelConfiguration& c) {
    json::Object listed;
    json::Object paths;
    for (const std::string& m : c.listed) {
      listed.append(m, 1);
      paths.append("properties.desired.modules." + m, 1);
    }
    json::Object document;
    document.append("modules", std::move(listed));
    return c.kind == 1 ? whole_of(std::move(document)) : std::move(paths);
  }
  static std::string content_of(const ModelConfiguration& c) {
    json::Object out;
    if (c.kind == 0) {
      out.append("deviceContent", c.whole ? whole_of(object_of(c.writes)) : paths_of(c.writes));
      return json::to_text(std::move(out));
    }
    json::Object modules;
    modules.append("$edgeAgent", agent_of(c));
    for (const auto& [m, d] : c.modules) modules.append(m, c.kind == 1 ? whole_of(object_of(d)) : paths_of(d));
    out.append("modulesContent", std::move(modules));
    return json::to_text(std::move(out));
  }

  void put(const ModelConfiguration& c, bool is_new) {
    Configuration stored;
    stored.id = c.id;
    stored.priority = c.priority;
    stored.target_condition = condition_of(c);
    stored.content = content_of(c);
    IfMatch if_match;
    if (!is_new) if_match.kind = IfMatch::Kind::kAny;
    service->put(stored, if_match, shard.executor,
                 [](HubResult<ConfigurationDocument> done) { EXPECT_TRUE(done) << done.error().message; });
  }
  Document random_document() {
    Document out;
    for (int i = pick(3); i >= 0; --i) out["k" + std::to_string(pick(4))] = "v" + std::to_string(pick(100));
    return out;
  }
  void choose_condition(ModelConfiguration& c) {
    const char* const fields[] = {"", "*", "tags.t", "properties.reported.r", "tags.t", "properties.reported.r"};
    c.field = fields[pick(6)];
    c.at_least = pick(4);
    c.priority = pick(4);
  }
  void make_configuration() {
    ModelConfiguration c;
    c.id = "c" + std::to_string(pick(6));
    if (const auto old = configurations.find(c.id); old != configurations.end()) {
      choose_condition(old->second);
      return put(old->second, false);
    }
    shard.clock.advance(std::chrono::seconds(1));
    c.created = shard.clock.steady_ms();
    c.kind = pick(3);
    choose_condition(c);
    c.whole = pick(4) == 0;
    c.writes = random_document();
    for (const char* m : {"m1", "m2", "m3"}) {
      if (pick(2) == 0) c.modules[m] = random_document();
      if (pick(3) == 0) c.listed.insert(m);
    }
    configurations[c.id] = c;
    put(c, true);
  }
  void remove_configuration() {
    const std::string id = "c" + std::to_string(pick(6));
    if (configurations.erase(id) == 0) return;
    service->remove(id, {}, shard.executor, [](const HubResult<void>& done) { EXPECT_TRUE(done); });
  }
  void change_device() {
    const std::string id = "d" + std::to_string(pick(5));
    const auto known = devices.find(id);
    if (known == devices.end()) {
      DeviceInput input;
      input.iot_edge = pick(2) == 0;
      devices[id].edge = input.iot_edge;
      registry.put_device({id, ""}, input, {}, shard.executor, [](HubResult<Identity> done) { EXPECT_TRUE(done); });
      return;
    }
    if (erases && pick(10) == 0) {
      devices.erase(known);
      IfMatch any;
      any.kind = IfMatch::Kind::kAny;
      registry.remove({id, ""}, any, shard.executor, [](HubResult<void> done) { EXPECT_TRUE(done); });
    } else if (pick(2) == 0) {
      known->second.tag = 1 + pick(4);
      TwinInput input;
      input.tags.emplace();
      input.tags->append("t", known->second.tag);
      twins.patch({id, ""}, {input, {}, 0}, shard.executor, [](HubResult<TwinDocument> done) { EXPECT_TRUE(done); });
    } else if (const auto identity = store.find({id, ""})) {
      known->second.reported = 1 + pick(4);
      twins.patch_reported({{id, ""}, identity->generation_id},
                           "{\"r\":" + std::to_string(known->second.reported) + "}", {}, shard.executor,
                           [](HubResult<uint64_t> done) { EXPECT_TRUE(done); });
    }
  }

  // ---- the slow evaluator

  [[nodiscard]] static bool targets(const ModelConfiguration& c, const ModelTwin& t) {
    if (c.kind != 0 && !t.edge) return false;
    if (c.field == "*") return true;
    // What was never set is 0 here and undefined there: neither is at least anything above.
    if (c.field == "tags.t") return t.tag >= c.at_least && t.tag > 0;
    if (c.field == "properties.reported.r") return t.reported >= c.at_least && t.reported > 0;
    return false;
  }
  [[nodiscard]] std::vector<const ModelConfiguration*> targeting(const ModelTwin& t, bool deployments) const {
    std::vector<const ModelConfiguration*> out;
    for (const auto& [id, c] : configurations) {
      if ((c.kind != 0) == deployments && targets(c, t)) out.push_back(&c);
    }
    std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
      return std::tie(a->priority, a->created) < std::tie(b->priority, b->created);
    });
    return out;
  }
  static bool any_left(const Document& writes, const std::vector<std::pair<bool, Document>>& later) {
    if (writes.empty()) return true;
    return std::any_of(writes.begin(), writes.end(), [&](const auto& w) {
      return std::none_of(later.begin(), later.end(),
                          [&](const auto& l) { return l.first || l.second.contains(w.first); });
    });
  }
  void evaluate_device(ModelTwin& t) const {
    const auto all = targeting(t, false);
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i]->whole) t.desired.clear();
      for (const auto& [k, v] : all[i]->writes) t.desired[k] = v;
      std::vector<std::pair<bool, Document>> later;
      for (size_t j = i + 1; j < all.size(); ++j) later.emplace_back(all[j]->whole, all[j]->writes);
      const bool whole_left = std::none_of(later.begin(), later.end(), [](const auto& l) { return l.first; });
      const bool left = all[i]->whole ? whole_left : any_left(all[i]->writes, later);
      t.statuses[all[i]->id] = left ? "Applied" : "Targeted";
    }
  }
  void evaluate_edge(ModelTwin& t) const {
    const auto all = targeting(t, true);
    const ModelConfiguration* base = nullptr;
    for (const auto* c : all) base = c->kind == 1 ? c : base;
    for (const auto* c : all) t.statuses[c->id] = "Targeted";
    if (base == nullptr) return;
    std::vector<const ModelConfiguration*> counting{base};
    for (const auto* c : all) {
      if (c->kind == 2 && c->priority > base->priority) counting.push_back(c);
    }
    std::set<std::string> listed;
    t.agent_listed.clear();
    for (const auto* c : counting) {
      for (const auto& [m, d] : c->modules) {
        listed.insert(m);
        Document& document = t.modules[m];
        if (c->kind == 1) document.clear();
        for (const auto& [k, v] : d) document[k] = v;
      }
      listed.insert(c->listed.begin(), c->listed.end());
      t.agent_listed.insert(c->listed.begin(), c->listed.end());
    }
    for (const std::string& m : listed) t.modules.try_emplace(m);
    std::erase_if(t.modules, [&](const auto& m) { return !listed.contains(m.first); });
    t.statuses[base->id] = "Applied";
    for (size_t i = 1; i < counting.size(); ++i) {
      // Its modules with nothing to say for them count, and so does what nobody says better.
      const ModelConfiguration& c = *counting[i];
      bool left = c.listed.empty();  // $edgeAgent named and nothing said
      for (const std::string& m : c.listed) {
        bool again = false;
        for (size_t j = i + 1; j < counting.size(); ++j) again = again || counting[j]->listed.contains(m);
        left = left || !again;
      }
      for (const auto& [m, d] : c.modules) {
        std::vector<std::pair<bool, Document>> later;
        for (size_t j = i + 1; j < counting.size(); ++j) {
          if (counting[j]->modules.contains(m)) later.emplace_back(false, counting[j]->modules.at(m));
        }
        left = left || any_left(d, later);
      }
      t.statuses[c.id] = left ? "Applied" : "Targeted";
    }
  }
  void evaluate_model() {
    for (auto& [id, t] : devices) {
      t.statuses.clear();
      evaluate_device(t);
      if (t.edge) evaluate_edge(t);
    }
  }

  void change_something() {
    const int what = pick(8);
    if (what == 0) {
      remove_configuration();
    } else if (what < 3) {
      make_configuration();
    } else {
      change_device();
    }
  }
  // As after a start, when everything is looked at: it is as it is to be.
  void expect_nothing_left() {
    Counter& applied = metrics.counter("configurations_applied", "");
    const uint64_t before = applied.value();
    begin();
    shard.run_until_idle();
    EXPECT_EQ(applied.value(), before);
  }

  // ---- comparison

  [[nodiscard]] static Document document_of(const std::string& text) {
    Document out;
    const json::Value tree = json::parse(text).value();
    for (const json::Member& m : *tree.if_object()) out[m.name] = m.value.if_string() ? *m.value.if_string() : "?";
    return out;
  }
  [[nodiscard]] Twin twin_of(const IdentityKey& key) const {
    const auto stored = store.load_twin(key).value();
    return stored ? *stored : Twin();
  }
  static std::string text_of(const std::map<std::string, std::string>& statuses) {
    std::string out;
    for (const auto& [id, s] : statuses) out += (out.empty() ? "{\"" : ",\"") + id + R"(":{"status":")" + s + "\"}";
    return out.empty() ? out : out + "}";
  }
  void compare() {
    for (const auto& [id, t] : devices) {
      const Twin twin = twin_of({id, ""});
      ASSERT_EQ(document_of(twin.desired.values), t.desired) << id;
      ASSERT_EQ(twin.configurations, text_of(t.statuses)) << id;
      std::set<std::string> modules;
      for (const Identity& m : store.list_modules(id)) {
        if (!m.key.module.starts_with('$')) modules.insert(m.key.module);
      }
      std::set<std::string> wanted;
      for (const auto& [m, d] : t.modules) {
        wanted.insert(m);
        ASSERT_EQ(document_of(twin_of({id, m}).desired.values), d) << id << "/" << m;
      }
      ASSERT_EQ(modules, wanted) << id;
    }
  }
  void compare_agents() {
    for (const auto& [id, t] : devices) {
      if (!t.edge) continue;
      const json::Value tree = json::parse(twin_of({id, "$edgeAgent"}).desired.values).value();
      std::set<std::string> listed;
      if (const json::Value* m = tree.if_object()->find("modules")) {
        for (const json::Member& member : *m->if_object()) listed.insert(member.name);
      }
      ASSERT_EQ(listed, t.agent_listed) << id;
    }
  }
};

TEST_P(RandomConfigurations, TheOutcomeIsThatOfTheSlowEvaluator) {
  for (int step = 0; step < 100; ++step) {
    change_something();
    shard.run_until_idle();
    evaluate_model();
    ASSERT_NO_FATAL_FAILURE(compare()) << "step " << step;
    ASSERT_NO_FATAL_FAILURE(compare_agents()) << "step " << step;
  }
  expect_nothing_left();
  ASSERT_NO_FATAL_FAILURE(compare());
}

// Changes come while others are worked on. What a twin has passed through is not known then, but where it ends is.
TEST_P(RandomConfigurations, ChangesInTheMiddleOfOthers) {
  erases = false;  // it would refuse what waits for the twin
  for (int step = 0; step < 100; ++step) {
    change_something();
    for (int i = pick(6); i > 0; --i) (void)shard.executor.run_one();
  }
  shard.run_until_idle();
  evaluate_model();
  for (const auto& [id, t] : devices) EXPECT_EQ(twin_of({id, ""}).configurations, text_of(t.statuses)) << id;
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomConfigurations, testing::Range(uint32_t{1}, uint32_t{21}));

}  // namespace
}  // namespace nave::hub
