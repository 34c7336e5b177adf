#include "hub/job/selection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "hub/job/limits.h"
#include "hub/query/queried_twin.h"
#include "query/evaluate.h"
#include "query/parser.h"

namespace nave::hub {
namespace {

using query::Expression;
using Ids = std::optional<std::vector<std::string>>;

bool is_device_id(const Expression& e) {
  return e.kind == Expression::Kind::kPath && e.path.known && e.path.steps.size() == 1 &&
         e.path.steps[0].name == "deviceId";
}

// The strings among the operands from `first` on; nullopt: some operand is no literal.
Ids literals(const Expression& e, size_t first) {
  std::vector<std::string> out;
  for (size_t i = first; i < e.children.size(); ++i) {
    const Expression& child = e.children[i];
    if (child.kind != Expression::Kind::kLiteral) return {};
    if (child.value.type == query::Type::kString) out.push_back(child.text);
  }
  return out;
}

Ids named_by(const Expression& e);

Ids named_by_all(const Expression& e) {
  std::vector<std::string> out;
  for (const Expression& child : e.children) {
    Ids ids = named_by(child);
    if (!ids) return {};
    std::ranges::move(*ids, std::back_inserter(out));
  }
  return out;
}

// The only devices that can meet the condition; nullopt: it does not say. The depth is bounded by the parser.
Ids named_by(const Expression& e) {
  switch (e.kind) {
    case Expression::Kind::kIn:
      return is_device_id(e.children[0]) ? literals(e, 1) : Ids();
    case Expression::Kind::kCompare:
      if (e.comparison != query::Comparison::kEqual) return {};
      if (is_device_id(e.children[0])) return literals(e, 1);
      if (!is_device_id(e.children[1]) || e.children[0].kind != Expression::Kind::kLiteral) return {};
      if (e.children[0].value.type != query::Type::kString) return std::vector<std::string>();
      return std::vector<std::string>{e.children[0].text};
    case Expression::Kind::kOr:
      return named_by_all(e);
    case Expression::Kind::kAnd:
      for (const Expression& child : e.children) {
        if (Ids ids = named_by(child)) return ids;
      }
      return {};
    default:
      return {};
  }
}

// Behind every module of the device: no id has this character.
IdentityKey end_of(const std::string& device) {
  return {device, "\x7f"};
}

}  // namespace

Result<JobSelection, std::string> JobSelection::parse(std::string_view condition, const Sources& sources) {
  auto statement = query::parse_condition(condition);
  if (statement) return JobSelection(*std::move(statement), sources);
  return fail("SQL query parse failed due to following errors: " + query::describe(statement.error(), condition));
}

JobSelection::JobSelection(query::Statement statement, const Sources& sources)
    : statement_(std::move(statement)), sources_(sources), plan_(make_plan(statement_, sources.scan.indexes())) {
  if (statement_.where) devices_ = named_by(*statement_.where);
  if (!devices_) return;
  std::ranges::sort(*devices_);
  const auto repeated = std::ranges::unique(*devices_);
  devices_->erase(repeated.begin(), repeated.end());
}

bool JobSelection::is_target(const Identity& identity, const std::optional<Twin>& twin) const {
  if (!statement_.where) return true;
  const Twin document = twin ? *twin : fresh_twin(identity);
  const Presence presence = sources_.registry.presence(identity);
  return query::matches(statement_, QueriedTwin(identity, presence, document));
}

Result<JobSelection::Batch, StoreError> JobSelection::next(const IdentityKey& after) const {
  if (!devices_) return scan(after);
  return statement_.collection == query::Collection::kModules ? modules_of_named(after) : named_devices(after);
}

bool JobSelection::is_target(ScannedRow& row) const {
  if (statement_.where && !query::matches(statement_, QueriedTwin(row, sources_.registry))) return false;
  return !row.broken();
}

Result<JobSelection::Batch, StoreError> JobSelection::scan(const IdentityKey& after) const {
  Batch out{{}, 0, after, false};
  const auto visit = [&](ScannedRow& row) {
    if (is_target(row)) out.targets.push_back(row.key());
    out.to.device.assign(row.device());
    out.to.module.assign(row.module());
    return ++out.looked_at < kJobTurnTwins;
  };
  const auto all = sources_.scan.scan({plan_.kind, after, plan_.written_only, plan_.match}, visit);
  if (!all) return fail(all.error());
  out.end = *all;
  return out;
}

Result<JobSelection::Batch, StoreError> JobSelection::named_devices(const IdentityKey& after) const {
  Batch out{{}, 0, after, false};
  auto id = std::ranges::upper_bound(*devices_, after.device);
  for (; id != devices_->end() && out.looked_at < kJobTurnNames; ++id, ++out.looked_at) {
    out.to = {*id, ""};
    const auto identity = sources_.registry.get(out.to);
    if (!identity) continue;
    const auto twin = sources_.twins.load_twin(out.to);
    if (!twin && twin.error() != StoreError::kDamaged) return fail(twin.error());
    if (twin && is_target(*identity, *twin)) out.targets.push_back(out.to);
  }
  out.end = id == devices_->end();
  return out;
}

Result<JobSelection::Batch, StoreError> JobSelection::modules_of_named(const IdentityKey& after) const {
  Batch out{{}, 0, after, false};
  auto id = std::ranges::lower_bound(*devices_, after.device);
  for (; id != devices_->end() && out.looked_at < kJobTurnNames; ++id, ++out.looked_at) {
    const IdentityKey from = std::max(after, IdentityKey{*id, ""});
    const auto found = sources_.scan.scan_twins(TwinScan::Kind::kModules, from, kJobTurnNames, kJobTurnBytes);
    if (!found) return fail(found.error());
    out.to = end_of(*id);
    for (const ScannedTwin& row : *found) {
      if (row.identity.key.device != *id) break;
      if (is_target(row.identity, row.twin)) out.targets.push_back(row.identity.key);
      out.to = row.identity.key;
    }
    // Only a batch that ended within the device may have left modules behind.
    if (!found->empty() && found->back().identity.key.device == *id) return out;
    out.to = end_of(*id);
  }
  out.end = id == devices_->end();
  return out;
}

}  // namespace nave::hub
