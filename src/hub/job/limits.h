// What jobs may take of the hub.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nave::hub {

// What an operator may set.
struct JobOptions {
  uint32_t active_max = 10;                 // jobs that have not ended
  uint32_t operations_per_second = 10'000;  // devices that all jobs together begin with; 0: as many as they can
  uint32_t calls_max = 256;                 // direct methods of one job that are open at one time
};

inline constexpr int64_t kJobStartHoursMax = 168;
inline constexpr int64_t kJobExecutionSecondsDefault = 3600;
inline constexpr int64_t kJobExecutionSecondsMax = 30 * 24 * 3600;
inline constexpr int64_t kJobHistoryDays = 30;
inline constexpr size_t kJobActiveMax = 1000;    // whatever is configured
inline constexpr size_t kJobCallsMax = 4096;     // the same
inline constexpr size_t kJobRequestsMax = 1024;  // calls of the job API that wait for their turn
// Selecting: twins of one turn, and those that are looked up by name; what is written at once.
inline constexpr size_t kJobTurnTwins = 1024;
inline constexpr size_t kJobTurnNames = 256;
inline constexpr size_t kJobTurnBytes = 1024 * 1024;
inline constexpr size_t kJobSelectedRowsMax = 1024;
inline constexpr size_t kJobSelectedTwinsMax = 16'384;
// Working: rows that are read ahead, twin changes that are open, devices that one turn begins with.
inline constexpr size_t kJobRowsAhead = 512;
inline constexpr size_t kJobTwinsOpenMax = 512;
inline constexpr size_t kJobTurnStarts = 64;
inline constexpr size_t kJobReadRows = 256;                  // of devices.jobs, in one turn of a query
inline constexpr size_t kJobErasedRows = 2000;               // written at once when the history ends
inline constexpr size_t kJobListBytesMax = 4 * 1024 * 1024;  // of one page

}  // namespace nave::hub
