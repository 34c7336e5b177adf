// Configurations of the SqliteDeviceStore.
#include <utility>

#include "store/embedded/sqlite/device_store.h"

namespace nave::store::embedded {

using hub::StoreError;
using hub::StoreReply;

Result<std::vector<hub::Configuration>, StoreError> SqliteDeviceStore::load_configurations() const {
  return readers_.configurations();
}

void SqliteDeviceStore::put_configuration(hub::Configuration configuration, Executor& reply_on, StoreReply reply) {
  committer_.submit([configuration = std::move(configuration)](
                        StateWriter& w) { return w.step([&] { return w.configurations().put(configuration); }); },
                    1, reply_on, std::move(reply));
}

void SqliteDeviceStore::erase_configuration(const std::string& id, Executor& reply_on, StoreReply reply) {
  committer_.submit([id](StateWriter& w) { return w.step([&] { return w.configurations().erase(id); }); }, 1, reply_on,
                    std::move(reply));
}

}  // namespace nave::store::embedded
