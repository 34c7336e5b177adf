#include "hub/configuration/service.h"

#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

// "yes" from before the first configuration is written until the twins have nothing of any left.
constexpr const char* kPendingSetting = "configurationsPending";

template <class Reply, class Answer>
void post_reply(Executor& executor, Reply reply, Answer answer) {
  executor.post([reply = std::move(reply), answer = std::move(answer)]() mutable { reply(std::move(answer)); });
}

Error not_found(const std::string& id) {
  return {ErrorCode::kConfigurationNotFound, "Configuration " + id + " was not found"};
}

HubResult<void> check_tag(const Configuration& current, const IfMatch& if_match) {
  if (if_match.kind != IfMatch::Kind::kTag || parse_counter_etag(if_match.tag) == current.etag) return {};
  return fail(Error(ErrorCode::kPreconditionFailed, "Precondition failed: Configuration version did not match"));
}

std::vector<std::pair<std::string, std::string>> custom_queries(const Configuration& c) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto tree = json::parse(c.metrics);
  if (!tree || tree->if_object() == nullptr) return out;
  for (const json::Member& m : *tree->if_object()) {
    if (m.value.if_string() != nullptr) out.emplace_back(m.name, *m.value.if_string());
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> system_queries(const CompiledConfiguration& c) {
  return system_metric_queries(c.stored.id, c.stored.target_condition, c.content.kind);
}

// Before anything was counted.
ConfigurationResults no_results(const CompiledConfiguration& c) {
  ConfigurationResults out;
  for (const auto& [name, text] : system_queries(c)) out.system[name] = 0;
  return out;
}

}  // namespace

ConfigurationService::ConfigurationService(const Parts& parts, Metrics& metrics)
    : parts_(parts),
      applier_({parts.twin_store, parts.scan, parts.registry, parts.twins, parts.worker, parts.clock}, metrics),
      number_(metrics.gauge("configurations", "Automatic configurations and Edge deployments")),
      success_(metrics.counter("configurations_success", "Operations on configurations that succeeded")),
      failure_(metrics.counter("configurations_failure", "Operations on configurations that failed")) {
  auto stored = parts.configurations.load_configurations();
  if (!stored) throw std::runtime_error("the configurations cannot be read");
  std::vector<Item> items;
  for (Configuration& c : *stored) {
    const std::string id = c.id;
    auto item = compile(std::move(c));
    if (item) {
      items.push_back(*std::move(item));
    } else {
      log::write(log::Level::kError, log::Category::kStorage, "a stored configuration cannot be used",
                 {{"configuration", id}, {"reason", item.error().message}});
    }
  }
  number_.set(static_cast<int64_t>(items.size()));
  applier_.set_configurations(ConfigurationSet(std::move(items)));
  pending_ = parts.settings.load_setting(kPendingSetting).value_or("no") == "yes";
}

void ConfigurationService::start() {
  parts_.worker.post([this] {
    if (pending_ || !applier_.configurations()->all().empty()) applier_.evaluate_all();
  });
}

void ConfigurationService::on_tick() {
  parts_.worker.post([this] {
    applier_.retry();
    if (pending_ && is_settled() && applier_.configurations()->all().empty()) save_pending(false);
  });
}

bool ConfigurationService::is_settled() {
  return !changing_ && applier_.is_idle();
}

// In the store this comes before what is submitted after it.
void ConfigurationService::save_pending(bool pending) {
  pending_ = pending;
  parts_.settings.save_setting(kPendingSetting, pending ? "yes" : "no", parts_.worker, [](Result<void, StoreError>) {});
}

// ---------------------------------------------------------------------------------------------------------------------
// Reads.

ConfigurationDocument ConfigurationService::document(const Item& item) const {
  const auto known = results_.find(item->stored.id);
  return {counter_etag_text(item->stored.etag),
          configuration_text(item->stored, item->content.kind,
                             known == results_.end() ? no_results(*item) : known->second)};
}

void ConfigurationService::keep_results(const std::vector<Item>& items, const std::vector<uint64_t>& counts) {
  auto count = counts.begin();
  for (const Item& item : items) {
    ConfigurationResults results;
    for (const auto& [name, text] : system_queries(*item)) results.system[name] = *count++;
    for (const auto& [name, text] : custom_queries(item->stored)) results.custom[name] = *count++;
    // Not of one that was deleted meanwhile.
    if (applier_.configurations()->find(item->stored.id) != nullptr) {
      results_.insert_or_assign(item->stored.id, std::move(results));
    }
  }
}

void ConfigurationService::count(const std::vector<Item>& items, UniqueFunction<void(HubResult<void>)> done) {
  if (counting_ >= kConfigurationReadsMax) return done(fail(Error(ErrorCode::kThrottlingException)));
  ++counting_;
  std::vector<std::string> queries;
  for (const Item& item : items) {
    for (auto& [name, text] : system_queries(*item)) queries.push_back(std::move(text));
    for (auto& [name, text] : custom_queries(item->stored)) queries.push_back(std::move(text));
  }
  auto shared = std::make_shared<UniqueFunction<void(HubResult<void>)>>(std::move(done));
  MetricResults::start({parts_.scan, parts_.registry, parts_.worker, parts_.clock}, queries,
                       [this, items, shared](const std::optional<std::vector<uint64_t>>& counts) {
                         --counting_;
                         if (counts) keep_results(items, *counts);
                         (*shared)({});
                       });
}

void ConfigurationService::get(std::string id, Executor& reply_on, Reply<ConfigurationDocument> reply) {
  parts_.worker.post([this, id = std::move(id), &reply_on, reply = std::move(reply)]() mutable {
    const Item item = applier_.configurations()->find(id);
    if (item == nullptr) {
      failure_.add();
      return post_reply(reply_on, std::move(reply), HubResult<ConfigurationDocument>(fail(not_found(id))));
    }
    count({item}, [this, item, &reply_on, reply = std::move(reply)](HubResult<void> counted) mutable {
      (counted ? success_ : failure_).add();
      post_reply(reply_on, std::move(reply),
                 counted ? HubResult<ConfigurationDocument>(document(item)) : fail(counted.error()));
    });
  });
}

void ConfigurationService::list(Executor& reply_on, Reply<std::string> reply) {
  parts_.worker.post([this, &reply_on, reply = std::move(reply)]() mutable {
    const Set set = applier_.configurations();
    count(set->all(), [this, set, &reply_on, reply = std::move(reply)](HubResult<void> counted) mutable {
      (counted ? success_ : failure_).add();
      if (!counted) return post_reply(reply_on, std::move(reply), HubResult<std::string>(fail(counted.error())));
      std::string out = "[";
      for (const Item& item : set->all()) out += (out.size() > 1 ? "," : "") + document(item).body;
      post_reply(reply_on, std::move(reply), HubResult<std::string>(out + "]"));
    });
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Changes.

void ConfigurationService::enqueue(UniqueFunction<void()> change) {
  parts_.worker.post([this, change = std::move(change)]() mutable {
    changes_.push_back(std::move(change));
    if (!changing_) change_done();
  });
}

void ConfigurationService::change_done() {
  changing_ = !changes_.empty();
  if (!changing_) return;
  UniqueFunction<void()> next = std::move(changes_.front());
  changes_.pop_front();
  next();
}

HubResult<ConfigurationService::Item> ConfigurationService::decide_put(Configuration next,
                                                                       const IfMatch& if_match) const {
  const ConfigurationSet& set = *applier_.configurations();
  const Item current = set.find(next.id);
  const UtcTime now = parts_.clock.utc();
  if (current == nullptr) {
    if (if_match.kind != IfMatch::Kind::kAbsent) return fail(not_found(next.id));
    next.created = now;
  } else {
    if (if_match.kind == IfMatch::Kind::kAbsent) {
      return fail(Error(ErrorCode::kConfigurationAlreadyExists, "Configuration " + next.id + " already exists"));
    }
    if (auto ok = check_tag(current->stored, if_match); !ok) return fail(ok.error());
    next.created = current->stored.created;
    next.etag = current->stored.etag + 1;
    next.content = current->stored.content;
  }
  next.updated = now;
  auto item = compile(std::move(next));
  if (!item) return fail(item.error());
  if (current == nullptr && set.all().size() >= kConfigurationsMax) {
    return fail(Error(ErrorCode::kConfigurationCountLimitExceeded));
  }
  return item;
}

void ConfigurationService::do_put(Configuration configuration, const IfMatch& if_match, Executor& reply_on,
                                  Reply<ConfigurationDocument> reply) {
  auto item = decide_put(std::move(configuration), if_match);
  if (!item) {
    failure_.add();
    post_reply(reply_on, std::move(reply), HubResult<ConfigurationDocument>(fail(item.error())));
    return change_done();
  }
  if (!pending_) save_pending(true);
  parts_.configurations.put_configuration(
      (*item)->stored, parts_.worker,
      [this, item = *item, &reply_on, reply = std::move(reply)](Result<void, StoreError> stored) mutable {
        (stored ? success_ : failure_).add();
        if (stored) {
          applier_.set_configurations(applier_.configurations()->with(item));
          applier_.configuration_changed(item->stored.id, item->content.kind);
          number_.set(static_cast<int64_t>(applier_.configurations()->all().size()));
        }
        post_reply(
            reply_on, std::move(reply),
            stored ? HubResult<ConfigurationDocument>(document(item)) : fail(Error(ErrorCode::kServiceUnavailable)));
        change_done();
      });
}

void ConfigurationService::put(Configuration configuration, IfMatch if_match, Executor& reply_on,
                               Reply<ConfigurationDocument> reply) {
  enqueue(
      [this, configuration = std::move(configuration), if_match = std::move(if_match), &reply_on,
       reply = std::move(reply)]() mutable { do_put(std::move(configuration), if_match, reply_on, std::move(reply)); });
}

void ConfigurationService::do_remove(const std::string& id, const IfMatch& if_match, Executor& reply_on,
                                     Reply<void> reply) {
  const Item current = applier_.configurations()->find(id);
  HubResult<void> ok;
  if (current == nullptr) {
    ok = fail(not_found(id));
  } else {
    ok = check_tag(current->stored, if_match);
  }
  if (!ok) {
    failure_.add();
    post_reply(reply_on, std::move(reply), std::move(ok));
    return change_done();
  }
  parts_.configurations.erase_configuration(
      id, parts_.worker,
      [this, id, kind = current->content.kind, &reply_on,
       reply = std::move(reply)](Result<void, StoreError> stored) mutable {
        (stored ? success_ : failure_).add();
        if (stored) {
          applier_.set_configurations(applier_.configurations()->without(id));
          applier_.configuration_changed(id, kind);
          results_.erase(id);
          number_.set(static_cast<int64_t>(applier_.configurations()->all().size()));
        }
        post_reply(reply_on, std::move(reply),
                   stored ? HubResult<void>() : fail(Error(ErrorCode::kServiceUnavailable)));
        change_done();
      });
}

void ConfigurationService::remove(std::string id, IfMatch if_match, Executor& reply_on, Reply<void> reply) {
  enqueue([this, id = std::move(id), if_match = std::move(if_match), &reply_on, reply = std::move(reply)]() mutable {
    do_remove(id, if_match, reply_on, std::move(reply));
  });
}

void ConfigurationService::apply_content(std::string device, Content content, Executor& reply_on, Reply<void> reply) {
  parts_.worker.post([this, device = std::move(device), content = std::make_shared<const Content>(std::move(content)),
                      &reply_on, reply = std::move(reply)]() mutable {
    applier_.apply_content(device, std::move(content),
                           [this, &reply_on, reply = std::move(reply)](HubResult<void> done) mutable {
                             (done ? success_ : failure_).add();
                             post_reply(reply_on, std::move(reply), std::move(done));
                           });
  });
}

}  // namespace nave::hub
