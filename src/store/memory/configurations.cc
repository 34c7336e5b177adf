// Configurations of the MemoryDeviceStore.
#include <utility>

#include "store/memory/device_store.h"

namespace nave::store::memory {

using hub::StoreError;
using hub::StoreReply;

namespace {

void answer(Executor& executor, StoreReply reply) {
  executor.post([reply = std::move(reply)]() mutable { reply({}); });
}

}  // namespace

Result<std::vector<hub::Configuration>, StoreError> MemoryDeviceStore::load_configurations() const {
  const std::lock_guard lock(mutex_);
  std::vector<hub::Configuration> out;
  for (const auto& [id, configuration] : configurations_) out.push_back(configuration);
  return out;
}

void MemoryDeviceStore::put_configuration(hub::Configuration configuration, Executor& reply_on, StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    std::string id = configuration.id;
    configurations_.insert_or_assign(std::move(id), std::move(configuration));
  }
  answer(reply_on, std::move(reply));
}

void MemoryDeviceStore::erase_configuration(const std::string& id, Executor& reply_on, StoreReply reply) {
  {
    const std::lock_guard lock(mutex_);
    configurations_.erase(id);
  }
  answer(reply_on, std::move(reply));
}

}  // namespace nave::store::memory
