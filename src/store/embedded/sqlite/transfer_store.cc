// Import and export jobs of the SqliteDeviceStore.
#include <utility>

#include "store/embedded/sqlite/device_store.h"

namespace nave::store::embedded {
namespace {

StateWriter::Outcome done_if(bool ok) {
  if (!ok) return fail(hub::StoreError::kUnavailable);
  return {};
}

}  // namespace

std::vector<hub::TransferJob> SqliteDeviceStore::load_transfers() const {
  return readers_.transfers();
}

void SqliteDeviceStore::put_transfer(hub::TransferJob job, Executor& reply_on, hub::StoreReply reply) {
  committer_.submit(
      [job = std::move(job)](StateWriter& w) { return w.step([&] { return done_if(w.transfers().put(job)); }); }, 1,
      reply_on, std::move(reply));
}

void SqliteDeviceStore::remove_transfers(std::vector<std::string> ids, Executor& reply_on, hub::StoreReply reply) {
  committer_.submit(
      [ids = std::move(ids)](StateWriter& w) { return w.step([&] { return done_if(w.transfers().remove(ids)); }); }, 1,
      reply_on, std::move(reply));
}

}  // namespace nave::store::embedded
