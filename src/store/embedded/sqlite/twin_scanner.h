// Walks through all twins. Its connections are its own: a scan keeps one for long, and visits call into the hub, so
// nobody who looks up a single row may have to wait for it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hub/query/scan.h"
#include "store/embedded/sqlite/identity_cache.h"

namespace nave::store::embedded {

// Thread-safe; scans beyond kConnections at one time wait for each other.
class TwinScanner {
 public:
  // The file has the schema. `cache` outlives the scanner and knows activity times that are not in the file yet. Throws
  // DatabaseError.
  TwinScanner(const std::string& path, std::vector<hub::IndexedPath> indexes, IdentityCache& cache);
  ~TwinScanner();

  [[nodiscard]] const std::vector<hub::IndexedPath>& indexes() const { return indexes_; }

  // As hub::TwinScan promises it.
  [[nodiscard]] Result<bool, hub::StoreError> scan(const hub::TwinScan::Range& range,
                                                   const std::function<bool(hub::ScannedRow&)>& visit);

 private:
  struct Connection;
  class IdentityRows;
  class TwinRows;

  const std::vector<hub::IndexedPath> indexes_;
  IdentityCache& cache_;
  static constexpr size_t kConnections = 3;
  std::array<std::unique_ptr<Connection>, kConnections> connections_;
};

}  // namespace nave::store::embedded
