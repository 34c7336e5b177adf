#include "hub/query/plan.h"

#include <algorithm>

#include "json/write.h"
#include "query/evaluate.h"

namespace nave::hub {
namespace {

using query::Expression;
using query::Path;

// What a stored twin says by itself; $metadata and $version of one that was never written come from the identity.
bool is_of_twin(const Path& path) {
  if (!path.known || path.steps[0].name == "tags" || path.steps[0].name == "configurations") return true;
  return path.steps[0].name == "properties" && path.steps.size() > 2 && !path.steps[2].name.starts_with('$');
}

bool is_of_identity(const Path& path) {
  return path.known && path.steps[0].name != "tags" && path.steps[0].name != "configurations" &&
         path.steps[0].name != "properties";
}

bool all_paths(const Expression& e, bool (*test)(const Path&)) {
  if (e.kind == Expression::Kind::kPath && !test(e.path)) return false;
  return std::all_of(e.children.begin(), e.children.end(), [&](const Expression& c) { return all_paths(c, test); });
}

// The twin of an identity of which nothing was written, as far as is_of_twin() goes.
class NothingWritten final : public query::Document {
 public:
  [[nodiscard]] query::Value find(const Path&) const override { return {}; }
  bool write(const Path&, std::string&) const override { return false; }
  bool any_of(const Path&, const std::function<bool(const query::Value&)>&) const override { return false; }
};

bool excludes_unwritten(const Expression& e) {
  return all_paths(e, is_of_twin) && query::truth_of(query::evaluate(e, NothingWritten())) != query::Truth::kTrue;
}

std::optional<size_t> index_of(const Path& path, const std::vector<IndexedPath>& indexes) {
  if (!path.known) return {};
  const auto same = [&](const IndexedPath& index) {
    return std::equal(
        index.begin(), index.end(), path.steps.begin(), path.steps.end(),
        [](const std::string& name, const query::Step& step) { return !step.index && step.name == name; });
  };
  const auto at = std::find_if(indexes.begin(), indexes.end(), same);
  return at == indexes.end() ? std::nullopt : std::optional(static_cast<size_t>(at - indexes.begin()));
}

// `path = literal`, either way round, of an indexed path.
std::optional<TwinScan::Range::Match> match_of(const Expression& e, const std::vector<IndexedPath>& indexes) {
  if (e.kind != Expression::Kind::kCompare || e.comparison != query::Comparison::kEqual || e.fold_case) return {};
  const bool turned = e.children[0].kind == Expression::Kind::kLiteral;
  const Expression& path = e.children[turned ? 1 : 0];
  const Expression& literal = e.children[turned ? 0 : 1];
  if (path.kind != Expression::Kind::kPath || literal.kind != Expression::Kind::kLiteral) return {};
  const std::optional<size_t> index = index_of(path.path, indexes);
  if (!index) return {};
  if (literal.value.type == query::Type::kString) return TwinScan::Range::Match{*index, literal.text};
  if (literal.value.type == query::Type::kNumber) return TwinScan::Range::Match{*index, literal.value.number};
  return {};
}

std::string shown(const std::variant<double, std::string>& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return '\'' + *text + '\'';
  json::Value number(static_cast<int64_t>(std::get<double>(value)));
  return json::to_text(std::move(number));
}

}  // namespace

QueryPlan make_plan(query::Statement& statement, const std::vector<IndexedPath>& indexes) {
  QueryPlan plan;
  if (statement.collection == query::Collection::kModules) plan.kind = TwinScan::Kind::kModules;
  plan.needs_identity = plan.needs_twin = statement.selects_all();
  for (const query::Item& item : statement.items) {
    if (item.kind == query::Item::Kind::kCount) continue;
    plan.needs_identity |= !is_of_twin(item.path);
    plan.needs_twin |=
        item.path.known && item.path.steps[0].name != "deviceId" && item.path.steps[0].name != "moduleId";
  }
  for (const Path& path : statement.group_by) {
    plan.needs_identity |= !is_of_twin(path);
    plan.needs_twin = true;
  }
  if (!statement.where) return plan;
  Expression& where = *statement.where;
  std::vector<Expression>* parts = where.kind == Expression::Kind::kAnd ? &where.children : nullptr;
  plan.written_only =
      parts == nullptr ? excludes_unwritten(where) : std::any_of(parts->begin(), parts->end(), excludes_unwritten);
  if (parts == nullptr) {
    plan.match = match_of(where, indexes);
  } else {
    for (const Expression& part : *parts) {
      if (!plan.match) plan.match = match_of(part, indexes);
    }
    const auto cheap = plan.written_only ? is_of_twin : is_of_identity;
    std::stable_partition(parts->begin(), parts->end(), [cheap](const Expression& e) { return all_paths(e, cheap); });
  }
  return plan;
}

json::Object explain(const QueryPlan& plan, const query::Statement& statement, const std::vector<IndexedPath>& indexes,
                     const DeviceStore::Counts& counts) {
  const bool devices = plan.kind == TwinScan::Kind::kDevices;
  json::Object out;
  out.append("collection", devices ? "devices" : "devices.modules");
  out.append("reads", plan.match          ? "the twins that the index names"
                      : plan.written_only ? "every twin that was ever written to"
                      : plan.needs_twin   ? "every identity and its twin"
                                          : "every identity");
  out.append("index", plan.match ? json::Value(text_of(indexes[plan.match->index]) + " = " + shown(plan.match->value))
                                 : json::Value());
  out.append("rowsMost", plan.match ? json::Value() : json::Value(devices ? counts.devices : counts.modules));
  out.append("order", statement.is_grouped() ? "groups in the order of their first twin" : "by id, page by page");
  return out;
}

}  // namespace nave::hub
