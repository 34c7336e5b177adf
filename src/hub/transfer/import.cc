#include <algorithm>
#include <utility>

#include "hub/device/bulk_json.h"
#include "hub/transfer/limits.h"
#include "hub/transfer/run.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

// A generation is the time when the identity was made.
bool made_since(const std::optional<Identity>& identity, UtcTime since) {
  if (!identity) return false;
  const std::string begin = std::to_string(dotnet_ticks(since));
  const std::string& made = identity->generation_id;
  return made.size() != begin.size() ? made.size() > begin.size() : made >= begin;
}

}  // namespace

void TransferService::ImportRun::start() {
  auto input = parts().containers.open(job_.input_uri);
  if (!input) return fail_with("The input container cannot be used: " + input.error());
  auto output = parts().containers.open(job_.output_uri);
  if (!output) return fail_with("The output container cannot be used: " + output.error());
  input_ = *std::move(input);
  output_ = *std::move(output);
  const auto size = input_->size(job_.input_blob);
  if (!size) return fail_with("The input blob cannot be read: " + size.error());
  size_ = *size;
  const bool fresh = !job_.started;
  repeated_ = !fresh;
  if (fresh) {
    job_.started = parts().clock.utc();
    if (const auto made = output_->create_log(job_.output_blob); !made) {
      return fail_with("The error log cannot be written: " + made.error());
    }
  }
  // What the log was still to get when a crash came.
  if (!write_log()) return;
  job_.status = TransferStatus::kRunning;
  begin_ = read_ = job_.offset;
  service_.save(job_, [self = shared_from_this(), this](bool ok) {
    if (!ok) return fail_with("The state of the job cannot be kept");
    auto first = read_batch();
    if (!first) return fail_with("The input blob cannot be read: " + first.error());
    next_ = *std::move(first);
    turn();
  });
}

ContainerResult<TransferService::ImportRun::Batch> TransferService::ImportRun::read_batch() {
  Batch out;
  while (out.items.size() < kTransferBatchItems && out.log.size() < kTransferLineBytesMax) {
    const auto line = lines_.next(read_ >= size_);
    if (!line && read_ >= size_) {
      out.last = true;
      break;
    }
    if (!line) {
      auto bytes = input_->read(job_.input_blob, read_, kTransferReadBytes);
      if (!bytes) return fail(bytes.error());
      if (bytes->empty()) return fail(ContainerError("the blob became shorter"));
      read_ += bytes->size();
      lines_.add(*bytes);
      continue;
    }
    if (is_no_item(*line)) continue;
    service_.lines_.add();
    auto item = read_import_line(*line);
    if (item) {
      out.items.push_back(*std::move(item));
    } else {
      service_.line_errors_.add();
      out.log += item.error();
    }
  }
  out.offset = begin_ + lines_.taken();
  return out;
}

// One batch takes place while the next one is read.
void TransferService::ImportRun::turn() {
  if (stop_if_cancelled()) return;
  Batch batch = std::exchange(next_, {});
  modes_.clear();
  for (const BulkItem& item : batch.items) modes_.push_back(item.mode);
  parts().bulk.run(std::move(batch.items), parts().worker,
                   [self = shared_from_this(), this, log = std::move(batch.log), offset = batch.offset,
                    last = batch.last](std::vector<BulkOutcome> outcomes) mutable {
                     taken_place(std::move(log), offset, last, std::move(outcomes));
                   });
  if (batch.last) return;
  auto next = read_batch();
  if (next) {
    next_ = *std::move(next);
  } else {
    next_.log = "";
    next_.last = true;
    job_.failure = "The input blob cannot be read: " + next.error();
  }
}

void TransferService::ImportRun::taken_place(std::string log, uint64_t offset, bool last,
                                             std::vector<BulkOutcome> outcomes) {
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const BulkOutcome& o = outcomes[i];
    if (!o.error) continue;
    if (o.error->code == ErrorCode::kServiceUnavailable) return fail_with("The state of the hub cannot be written");
    const bool made_before =
        repeated_ && modes_[i] == ImportMode::kCreate && made_since(parts().devices.find(o.key), *job_.started);
    const bool removed_before = repeated_ &&
                                (modes_[i] == ImportMode::kDelete || modes_[i] == ImportMode::kDeleteIfMatchEtag) &&
                                !parts().devices.find(o.key);
    if (made_before || removed_before) continue;
    service_.line_errors_.add();
    log += import_error_line(o.key, *o.error);
  }
  repeated_ = false;
  job_.offset = offset;
  job_.log_pending = std::move(log);
  job_.progress = size_ == 0 ? 100 : static_cast<int64_t>(std::min<uint64_t>(99, offset * 100 / size_));
  // Kept before anything of the batches behind it, because the store keeps the order.
  service_.save(job_, [self = shared_from_this(), this, last](bool ok) {
    if (!ok) return fail_with("The state of the job cannot be kept");
    if (!write_log()) return;
    if (!job_.failure.empty()) return fail_with(job_.failure);
    if (!last) return turn();
    if (job_.include_configurations) return import_configurations();
    complete();
  });
}

bool TransferService::ImportRun::write_log() {
  if (job_.log_pending.empty()) return true;
  // Append blocks have a size; the pieces of one text are repeated from their beginning after a crash.
  std::string_view rest = job_.log_pending;
  while (!rest.empty()) {
    const std::string_view piece = rest.substr(0, kTransferWriteBytes);
    if (const auto ok = output_->append_log(job_.output_blob, job_.log_bytes, piece); !ok) {
      fail_with("The error log cannot be written: " + ok.error());
      return false;
    }
    job_.log_bytes += piece.size();
    rest.remove_prefix(piece.size());
  }
  job_.log_pending.clear();
  return true;
}

void TransferService::ImportRun::import_configurations() {
  const auto size = input_->size(job_.configurations_blob);
  if (!size) return fail_with("The blob of configurations cannot be read: " + size.error());
  LineCutter lines;
  for (uint64_t read = 0;;) {
    const auto line = lines.next(read >= *size);
    if (!line && read >= *size) break;
    if (!line) {
      const auto bytes = input_->read(job_.configurations_blob, read, kTransferReadBytes);
      if (!bytes || bytes->empty()) return fail_with("The blob of configurations cannot be read");
      read += bytes->size();
      lines.add(*bytes);
      continue;
    }
    if (is_no_item(*line)) continue;
    const auto value = json::parse(*line, {.bytes_max = kTransferLineBytesMax});
    if (!value) {
      job_.log_pending += malformed_line(*line);
      continue;
    }
    const auto error = parts().configurations == nullptr
                           ? std::optional(Error(ErrorCode::kInvalidOperation, "This hub has no configurations"))
                           : parts().configurations->import_line(*value);
    if (error) job_.log_pending += import_error_line({}, *error);
  }
  if (write_log()) complete();
}

}  // namespace nave::hub
