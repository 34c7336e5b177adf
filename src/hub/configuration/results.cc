#include "hub/configuration/results.h"

#include <algorithm>

#include "hub/configuration/limits.h"
#include "hub/query/limits.h"
#include "hub/query/queried_twin.h"
#include "query/evaluate.h"
#include "query/parser.h"

namespace nave::hub {

void MetricResults::start(const Parts& parts, const std::vector<std::string>& queries, Done done) {
  auto run = std::make_shared<MetricResults>(parts, queries, std::move(done));
  parts.worker.post([run = std::move(run)] { run->turn(); });
}

MetricResults::MetricResults(const Parts& parts, const std::vector<std::string>& queries, Done done)
    : parts_(parts), deadline_ms_(parts.clock.steady_ms() + kConfigurationResultsMsMax), done_(std::move(done)) {
  tallies_.resize(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    auto statement = query::parse(queries[i]);
    if (!statement) continue;
    tallies_[i].statement = *std::move(statement);
    if (tallies_[i].statement->is_grouped()) {
      tallies_[i].groups = std::make_unique<query::Groups>(*tallies_[i].statement);
    }
  }
  if (has_any(query::Collection::kDevices)) return;
  kind_ = TwinScan::Kind::kModules;
  over_ = !has_any(query::Collection::kModules);
}

void MetricResults::Tally::add(const query::Document& document) {
  if (!query::matches(*statement, document)) return;
  if (groups) {
    groups->add(document);
  } else {
    ++rows;
  }
}

uint64_t MetricResults::Tally::result() const {
  const uint64_t all = groups ? groups->size() : rows;
  return statement && statement->top ? std::min(all, *statement->top) : all;
}

bool MetricResults::has_any(query::Collection collection) const {
  return std::any_of(tallies_.begin(), tallies_.end(),
                     [&](const Tally& t) { return t.statement && t.statement->collection == collection; });
}

void MetricResults::count(ScannedRow& row) {
  const auto wanted = kind_ == TwinScan::Kind::kModules ? query::Collection::kModules : query::Collection::kDevices;
  const QueriedTwin document(row, parts_.registry);
  for (Tally& tally : tallies_) {
    if (tally.statement && tally.statement->collection == wanted) tally.add(document);
  }
}

bool MetricResults::read_batch() {
  size_t turn = 0;
  const auto visit = [&](ScannedRow& row) {
    count(row);
    after_ = row.key();
    return ++turn < kQueryTurnRows;
  };
  const auto all = parts_.scan.scan({kind_, after_}, visit);
  if (!all) return false;
  size_t groups = 0;
  for (const Tally& tally : tallies_) groups += tally.groups ? tally.groups->bytes() : 0;
  if (groups > kQueryGroupsBytesMax) return false;
  if (*all && kind_ == TwinScan::Kind::kDevices && has_any(query::Collection::kModules)) {
    kind_ = TwinScan::Kind::kModules;
    after_ = {};
  } else if (*all) {
    over_ = true;
  }
  return true;
}

void MetricResults::turn() {
  if (!over_ && (parts_.clock.steady_ms() >= deadline_ms_ || !read_batch())) return done_(std::nullopt);
  if (!over_) return parts_.worker.post([self = shared_from_this()] { self->turn(); });
  std::vector<uint64_t> out;
  for (const Tally& tally : tallies_) out.push_back(tally.result());
  done_(std::move(out));
}

}  // namespace nave::hub
