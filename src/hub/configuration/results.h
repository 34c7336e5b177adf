// Counts what the metric queries of configurations find (reference/service-rest.md §15.4), in one pass over all twins.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "hub/device/registry.h"
#include "hub/query/scan.h"
#include "query/ast.h"
#include "query/rows.h"

namespace nave::hub {

// Runs on one executor, in turns.
class MetricResults : public std::enable_shared_from_this<MetricResults> {
 public:
  struct Parts {
    const TwinScan& scan;
    const Registry& registry;
    Executor& worker;
    const Clock& clock;
  };
  // By place in the texts: the number of rows, 0 for what is no query. nullopt: it takes too long, or cannot be read.
  using Done = std::function<void(std::optional<std::vector<uint64_t>>)>;

  // `parts` outlive it. `done` is called once, on the worker.
  static void start(const Parts& parts, const std::vector<std::string>& queries, Done done);

  MetricResults(const Parts& parts, const std::vector<std::string>& queries, Done done);

 private:
  struct Tally {
    std::optional<query::Statement> statement;
    std::unique_ptr<query::Groups> groups;  // of a grouped one
    uint64_t rows = 0;
    void add(const query::Document& document);
    [[nodiscard]] uint64_t result() const;
  };
  void turn();
  // False: it cannot be read.
  [[nodiscard]] bool read_batch();
  [[nodiscard]] bool has_any(query::Collection collection) const;
  void count(ScannedRow& row);

  const Parts parts_;
  const int64_t deadline_ms_;
  std::vector<Tally> tallies_;
  Done done_;
  TwinScan::Kind kind_ = TwinScan::Kind::kDevices;
  IdentityKey after_;
  bool over_ = false;
};

}  // namespace nave::hub
