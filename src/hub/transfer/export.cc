#include <algorithm>
#include <utility>

#include "hub/device/bulk_json.h"
#include "hub/transfer/limits.h"
#include "hub/transfer/run.h"

namespace nave::hub {

void TransferService::ExportRun::start() {
  auto output = parts().containers.open(job_.output_uri);
  if (!output) return fail_with("The output container cannot be used: " + output.error());
  output_ = *std::move(output);
  writer_ = output_->write(job_.output_blob);
  if (!job_.started) job_.started = parts().clock.utc();
  job_.status = TransferStatus::kRunning;
  const auto counts = parts().devices.counts();
  expected_ = counts.devices + counts.modules;
  if (job_.exclude_keys) buffer_ = std::string(kKeysExcludedLine) + "\n";
  service_.save(job_, [self = shared_from_this(), this](bool ok) {
    if (!ok) return fail_with("The state of the job cannot be kept");
    turn();
  });
}

void TransferService::ExportRun::turn() {
  if (stop_if_cancelled()) return;
  const auto batch = parts().scan.scan_twins(kind_, after_, kTransferScanRows, kTransferReadBytes);
  if (!batch) return fail_with("The registry cannot be read");
  for (const ScannedTwin& row : *batch) buffer_ += export_line(row, !job_.exclude_keys) + "\n";
  rows_ += batch->size();
  service_.lines_.add(batch->size());
  if (buffer_.size() >= kTransferWriteBytes) {
    if (const auto ok = writer_->write(buffer_); !ok) return fail_with("The output cannot be written: " + ok.error());
    buffer_.clear();
  }
  if (!batch->empty()) {
    after_ = batch->back().identity.key;
    const int64_t progress = expected_ == 0 ? 0 : static_cast<int64_t>(std::min<uint64_t>(99, rows_ * 100 / expected_));
    if (progress != job_.progress) {
      job_.progress = progress;
      service_.save(job_, nullptr);
    }
  } else if (kind_ == TwinScan::Kind::kDevices) {
    kind_ = TwinScan::Kind::kModules;
    after_ = {};
  } else {
    return finish();
  }
  go_on([this] { turn(); });
}

void TransferService::ExportRun::finish() {
  if (!buffer_.empty()) {
    if (const auto ok = writer_->write(buffer_); !ok) return fail_with("The output cannot be written: " + ok.error());
  }
  if (const auto ok = writer_->finish(); !ok) return fail_with("The output cannot be written: " + ok.error());
  if (job_.include_configurations) {
    std::string lines;
    if (parts().configurations != nullptr) {
      auto all = parts().configurations->export_lines();
      if (!all) return fail_with("The configurations cannot be read");
      lines = *std::move(all);
    }
    const auto writer = output_->write(job_.configurations_blob);
    auto ok = lines.empty() ? ContainerResult<void>() : writer->write(lines);
    if (ok) ok = writer->finish();
    if (!ok) return fail_with("The configurations cannot be written: " + ok.error());
  }
  complete();
}

}  // namespace nave::hub
