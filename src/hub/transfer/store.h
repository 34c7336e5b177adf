// The port that keeps import and export jobs.
#pragma once

#include <string>
#include <vector>

#include "hub/ports.h"
#include "hub/transfer/job.h"

namespace nave::hub {

// Thread-safe. Replies run on the given executor, after the change is durable. What is submitted on one thread takes
// place in that order, also with writes of the DeviceStore that the same object is.
class TransferStore {
 public:
  virtual ~TransferStore() = default;
  // In id order; for the start. A damaged row is left out.
  [[nodiscard]] virtual std::vector<TransferJob> load_transfers() const = 0;
  virtual void put_transfer(TransferJob job, Executor& reply_on, StoreReply reply) = 0;
  // What is not there does not matter.
  virtual void remove_transfers(std::vector<std::string> ids, Executor& reply_on, StoreReply reply) = 0;
};

}  // namespace nave::hub
