// Import and export jobs of the MemoryDeviceStore.
#include "store/memory/device_store.h"

namespace nave::store::memory {

std::vector<hub::TransferJob> MemoryDeviceStore::load_transfers() const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::TransferJob> out;
  for (const auto& [id, job] : transfers_) out.push_back(job);
  return out;
}

void MemoryDeviceStore::put_transfer(hub::TransferJob job, Executor& reply_on, hub::StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    std::string id = job.id;
    transfers_[std::move(id)] = std::move(job);
  }
  reply_on.post([reply = std::move(reply)]() mutable { reply({}); });
}

void MemoryDeviceStore::remove_transfers(std::vector<std::string> ids, Executor& reply_on, hub::StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : ids) transfers_.erase(id);
  }
  reply_on.post([reply = std::move(reply)]() mutable { reply({}); });
}

}  // namespace nave::store::memory
