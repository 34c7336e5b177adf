#include "hub/query/plan.h"

#include <algorithm>

#include "query/evaluate.h"

namespace nave::hub {
namespace {

using query::Expression;
using query::Path;

// What a stored twin says by itself; $metadata and $version of one that was never written come from the identity.
bool is_of_twin(const Path& path) {
  if (!path.known || path.steps[0].name == "tags") return true;
  return path.steps[0].name == "properties" && path.steps.size() > 2 && !path.steps[2].name.starts_with('$');
}

bool is_of_identity(const Path& path) {
  return path.known && path.steps[0].name != "tags" && path.steps[0].name != "properties";
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

}  // namespace

QueryPlan make_plan(query::Statement& statement) {
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
  if (parts != nullptr) {
    const auto cheap = plan.written_only ? is_of_twin : is_of_identity;
    std::stable_partition(parts->begin(), parts->end(), [cheap](const Expression& e) { return all_paths(e, cheap); });
  }
  return plan;
}

}  // namespace nave::hub
