#include "store/embedded/log/damage_report.h"

#include "base/log.h"
#include "store/embedded/log/log_directory.h"

namespace nave::store::embedded {

void DamageReport::add(uint64_t segment_id, uint64_t offset, uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (seen_.size() >= kRememberedMax || !seen_.emplace(segment_id, offset).second) return;
  }
  metrics_.corrupt_records.add();
  log::write(log::Level::kError, log::Category::kStorage, "event log is damaged; the damaged events are skipped",
             {{"file", directory_ + "/" + segment_name(segment_id)}, {"offset", offset}, {"bytes", bytes}});
}

}  // namespace nave::store::embedded
