// The changes of cloud-to-device messages and feedback, as parts of a step of the StateWriter.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/ports.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// One thread, inside the transaction that the caller has open. After an error the caller takes the step back.
class CommandWriter {
 public:
  using Outcome = Result<void, hub::StoreError>;

  // `database` has the schema. Throws DatabaseError.
  explicit CommandWriter(Database& database);

  // `sequence`: the number it got.
  [[nodiscard]] Outcome put(const hub::CommandWrite& write, uint64_t& sequence);
  [[nodiscard]] Outcome remove(const IdentityKey& key, const std::vector<hub::CommandRemoval>& removals);
  [[nodiscard]] Outcome set_delivery_count(const IdentityKey& key, uint64_t sequence, uint32_t count);
  [[nodiscard]] Outcome remove_feedback(const std::vector<uint64_t>& sequences);
  [[nodiscard]] Outcome count_feedback_delivery(const std::vector<uint64_t>& sequences);
  [[nodiscard]] Outcome expire_feedback(UtcTime now);

  // The messages of a module, or of a device and its modules. False on an error.
  [[nodiscard]] bool erase(const IdentityKey& key);

 private:
  [[nodiscard]] bool put_feedback(const hub::Feedback& feedback);

  Database& database_;
  Statement generation_, put_, remove_, set_delivery_count_, erase_device_, erase_module_;
  Statement put_feedback_, remove_feedback_, count_feedback_delivery_, expire_feedback_;
};

}  // namespace nave::store::embedded
