#include "hub/configuration/set.h"

#include <algorithm>
#include <tuple>

#include "hub/query/queried_twin.h"
#include "json/parse.h"
#include "query/evaluate.h"

namespace nave::hub {

bool CompiledConfiguration::targets(const Identity& identity, const Twin& twin) const {
  if (!target.statement || (content.kind == ContentKind::kModules && !identity.iot_edge)) return false;
  if (!target.statement->where) return true;
  const Presence presence{};  // conditions do not look at it
  return query::matches(*target.statement, QueriedTwin(identity, presence, twin));
}

HubResult<std::shared_ptr<const CompiledConfiguration>> compile(Configuration configuration) {
  auto out = std::make_shared<CompiledConfiguration>();
  const auto tree = json::parse(configuration.content);
  if (!tree || tree->if_object() == nullptr) return fail(Error(ErrorCode::kInvalidConfigurationContent));
  auto content = read_content(*tree->if_object());
  if (!content) return fail(content.error());
  auto target = compile_target(configuration.target_condition, content->kind);
  if (!target) return fail(target.error());
  out->stored = std::move(configuration);
  out->content = *std::move(content);
  out->target = *std::move(target);
  return std::shared_ptr<const CompiledConfiguration>(std::move(out));
}

ConfigurationSet::ConfigurationSet(std::vector<Item> items) : by_id_(std::move(items)) {
  std::sort(by_id_.begin(), by_id_.end(), [](const Item& a, const Item& b) { return a->stored.id < b->stored.id; });
  for (const Item& item : by_id_) {
    const ContentKind kind = item->content.kind;
    by_kind_[static_cast<size_t>(kind)].push_back(item);
    uint8_t& reads = kind == ContentKind::kModule ? module_reads_ : device_reads_;
    reads = static_cast<uint8_t>(reads | item->target.reads | kAspectIdentity);
    // Modules of deployments are deleted and made like others, and must come back.
    if (kind == ContentKind::kModules) module_reads_ |= kAspectIdentity;
  }
  for (auto& kind : by_kind_) {
    std::sort(kind.begin(), kind.end(), [](const Item& a, const Item& b) {
      return std::tie(a->stored.priority, a->stored.created, a->stored.id) <
             std::tie(b->stored.priority, b->stored.created, b->stored.id);
    });
  }
}

ConfigurationSet::Item ConfigurationSet::find(std::string_view id) const {
  const auto it = std::lower_bound(by_id_.begin(), by_id_.end(), id,
                                   [](const Item& item, std::string_view wanted) { return item->stored.id < wanted; });
  return it == by_id_.end() || (*it)->stored.id != id ? nullptr : *it;
}

ConfigurationSet ConfigurationSet::with(Item item) const {
  std::vector<Item> items = by_id_;
  std::erase_if(items, [&](const Item& i) { return i->stored.id == item->stored.id; });
  items.push_back(std::move(item));
  return ConfigurationSet(std::move(items));
}

ConfigurationSet ConfigurationSet::without(std::string_view id) const {
  std::vector<Item> items = by_id_;
  std::erase_if(items, [&](const Item& i) { return i->stored.id == id; });
  return ConfigurationSet(std::move(items));
}

}  // namespace nave::hub
