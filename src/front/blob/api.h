// The Blob service on the HTTPS listener, below the path of its account: "https://{hub}/{account}/{container}/{blob}",
// as Azurite and the SDKs' IP-style addresses have it. Stands in front of the service API, whose paths begin otherwise.
#pragma once

#include <atomic>
#include <memory>

#include "auth/blob_sas.h"
#include "base/executor.h"
#include "base/metrics.h"
#include "front/blob/authorize.h"
#include "front/blob/reply.h"
#include "front/blob/request.h"
#include "hub/blob/storage.h"
#include "net/http.h"

namespace nave::front::blob {

struct BlobServices {
  hub::BlobStorage& storage;
  auth::BlobAccount account;
  Executor& worker;  // for files
  Executor& joiner;  // for what may take seconds: block lists
};

// Shared by all shards.
class BlobApi final : public net::HttpHandler {
 public:
  // Requests for other paths go to `next`. All outlive the API; what is left on the workers does not run after it.
  BlobApi(BlobServices services, Metrics& metrics, net::HttpHandler& next);

  void handle(net::HttpRequest request, const ShardContext& shard, net::HttpResponder respond) override;
  [[nodiscard]] net::HttpBodyPlan plan_body(const net::HttpRequest& head) const override;
  [[nodiscard]] std::unique_ptr<net::HttpBodyTaker> take_body(net::HttpRequest head, const ShardContext& shard,
                                                              net::HttpResponder respond,
                                                              UniqueFunction<void()> more) override;

 private:
  // A call that was let in. Moves between shard and worker, never in both.
  struct Admitted {
    BlobCall call;
    Admission admission;
    const ShardContext& shard;
    BlobReply reply;
  };
  using Outcome = hub::BlobResult<std::pair<int, Headers>>;
  struct Content;
  class Taker;

  [[nodiscard]] bool is_ours(const net::HttpRequest& request) const;
  // nullptr: it was answered.
  [[nodiscard]] std::unique_ptr<Admitted> admit(net::HttpRequest request, const ShardContext& shard,
                                                net::HttpResponder respond);
  // With its body whole, or with none.
  void run(std::unique_ptr<Admitted> call);
  [[nodiscard]] std::shared_ptr<Content> make_content(std::unique_ptr<Admitted> call, UniqueFunction<void()> more);

  // api_read.cc
  void get_blob(std::unique_ptr<Admitted> call);
  [[nodiscard]] hub::BlobResult<std::string> read_document(const Admitted& call) const;

  // api_write.cc; on a worker.
  [[nodiscard]] Outcome change(Admitted& call) const;
  [[nodiscard]] Outcome store(Admitted& call, const std::shared_ptr<hub::BlobUpload>& upload) const;
  [[nodiscard]] hub::BlobResult<hub::BlobPut> put_of(const Admitted& call) const;
  // Posts the answer to the shard.
  static void answer(std::unique_ptr<Admitted> call, Outcome outcome);

  BlobServices services_;
  Counter& requests_;
  Counter& refused_;
  Counter& received_;
  Counter& sent_;
  net::HttpHandler& next_;
  std::shared_ptr<std::atomic<size_t>> uploads_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace nave::front::blob
