// What import and export jobs may take of the hub.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nave::hub {

inline constexpr size_t kTransferLineBytesMax = 1 << 20;
inline constexpr size_t kTransferReadBytes = 1 << 20;   // of the input, at one time
inline constexpr size_t kTransferBatchItems = 1000;     // lines that are written together
inline constexpr size_t kTransferScanRows = 500;        // of an export, at one time
inline constexpr size_t kTransferWriteBytes = 4 << 20;  // a block of an export
inline constexpr size_t kTransferHistoryMax = 1000;     // jobs that are remembered
inline constexpr int64_t kTransferHistoryDays = 30;
inline constexpr size_t kTransferUriBytesMax = 4096;
inline constexpr size_t kTransferLoggedLineBytesMax = 1024;  // of a bad line that the log repeats

}  // namespace nave::hub
