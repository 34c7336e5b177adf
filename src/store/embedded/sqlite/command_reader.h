// The reads of cloud-to-device messages and feedback, on one connection.
#pragma once

#include <string>
#include <vector>

#include "hub/ports.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// One thread at a time. Each answers as the method of hub::CommandStore that it is for.
class CommandReader {
 public:
  // `database` has the schema. Throws DatabaseError.
  explicit CommandReader(Database& database);

  [[nodiscard]] std::vector<hub::CommandCount> count();
  [[nodiscard]] Result<std::vector<hub::CommandHead>, hub::StoreError> heads(const IdentityKey& key);
  [[nodiscard]] Result<std::string, hub::StoreError> record(const IdentityKey& key, uint64_t sequence);
  [[nodiscard]] std::vector<hub::ExpiredCommand> expired(UtcTime now, UtcTime after_expires, uint64_t after_sequence,
                                                         size_t top);
  [[nodiscard]] size_t count_feedback(UtcTime now);
  [[nodiscard]] std::vector<hub::StoredFeedback> feedback(uint64_t from, UtcTime now, size_t top);

 private:
  Database& database_;
  Statement count_, heads_, record_, expired_, count_feedback_, feedback_;
};

}  // namespace nave::store::embedded
