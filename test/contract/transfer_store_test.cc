// The contract of the TransferStore, on every store.
#include <gtest/gtest.h>

#include "contract/device_store_contract.h"
#include "hub/transfer/store.h"

namespace nave::hub::contract {
namespace {

class TransferStoreContract : public DeviceStoreContract {
 protected:
  [[nodiscard]] TransferStore& transfers() { return dynamic_cast<TransferStore&>(*store); }
  static TransferJob job(const std::string& id) {
    TransferJob out;
    out.id = id;
    out.type = TransferType::kImport;
    out.input_uri = out.output_uri = "https://host/box?sig=1";
    out.input_blob = "devices.txt";
    out.output_blob = "importErrors.log";
    out.configurations_blob = "configurations.txt";
    return out;
  }
  void put(const TransferJob& job) {
    ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) { transfers().put_transfer(job, e, std::move(r)); }));
  }
  std::string ids() {
    std::string out;
    for (const TransferJob& j : transfers().load_transfers()) out += j.id + " ";
    return out;
  }
};

TEST_P(TransferStoreContract, JobsAreThereAsTheyWereLastPut) {
  TransferJob one = job("b");
  put(one);
  put(job("a"));
  one.status = TransferStatus::kRunning;
  one.offset = uint64_t{1} << 40;
  one.log_pending = "a line\n";
  one.started = from_unix_ms(1'786'784'856'000);
  put(one);
  reopen();
  EXPECT_EQ(ids(), "a b ");
  EXPECT_EQ(write_transfer_job(transfers().load_transfers()[1]), write_transfer_job(one));
}

TEST_P(TransferStoreContract, RemovedOnesAreGone) {
  for (const char* id : {"a", "b", "c"}) put(job(id));
  ASSERT_TRUE(wait_for([&](Executor& e, StoreReply r) {
    transfers().remove_transfers({"a", "none", "c"}, e, std::move(r));
  }));
  EXPECT_EQ(ids(), "b ");
  reopen();
  EXPECT_EQ(ids(), "b ");
}

INSTANTIATE_TEST_SUITE_P(Stores, TransferStoreContract, ::testing::Values("memory", "sqlite"));

}  // namespace
}  // namespace nave::hub::contract
