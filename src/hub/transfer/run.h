// The running of one job, on the worker.
#pragma once

#include <memory>
#include <string>

#include "hub/transfer/import_line.h"
#include "hub/transfer/service.h"

namespace nave::hub {

class TransferService::Run : public std::enable_shared_from_this<TransferService::Run> {
 public:
  Run(TransferService& service, TransferJob job) : service_(service), job_(std::move(job)) {}
  virtual ~Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // The first turn; further ones follow by themselves.
  virtual void start() = 0;

 protected:
  [[nodiscard]] const TransferParts& parts() const { return service_.parts_; }
  void fail_with(std::string why) { service_.end(std::move(job_), TransferStatus::kFailed, std::move(why)); }
  void complete() { service_.end(std::move(job_), TransferStatus::kCompleted, ""); }
  // True: it was ended.
  [[nodiscard]] bool stop_if_cancelled() {
    if (!service_.is_cancelled()) return false;
    service_.end(std::move(job_), TransferStatus::kCancelled, "");
    return true;
  }
  // Lets others have the thread, then `next`.
  template <class Next>
  void go_on(Next next) {
    parts().worker.post([self = shared_from_this(), next]() mutable { next(); });
  }

  TransferService& service_;
  TransferJob job_;
};

class TransferService::ImportRun final : public Run {
 public:
  using Run::Run;
  void start() override;

 private:
  struct Batch {
    std::vector<BulkItem> items;
    std::string log;      // of lines that cannot be read
    uint64_t offset = 0;  // of the input, behind the batch
    bool last = false;
  };
  [[nodiscard]] ContainerResult<Batch> read_batch();
  void turn();
  void taken_place(std::string log, uint64_t offset, bool last, std::vector<BulkOutcome> outcomes);
  [[nodiscard]] bool write_log();
  void import_configurations();

  std::unique_ptr<Container> input_;
  std::unique_ptr<Container> output_;
  uint64_t size_ = 0;
  uint64_t begin_ = 0;  // where this run began
  uint64_t read_ = 0;   // bytes read of the input, from its beginning
  LineCutter lines_;
  Batch next_;
  bool repeated_ = false;  // the batch on its way may have taken place before
  std::vector<ImportMode> modes_;
};

class TransferService::ExportRun final : public Run {
 public:
  using Run::Run;
  void start() override;

 private:
  void turn();
  void finish();

  std::unique_ptr<Container> output_;
  std::unique_ptr<ContainerWriter> writer_;
  std::string buffer_;
  TwinScan::Kind kind_ = TwinScan::Kind::kDevices;
  IdentityKey after_;
  uint64_t rows_ = 0;
  uint64_t expected_ = 0;
};

}  // namespace nave::hub
