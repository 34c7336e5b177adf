// What automatic configurations may take of the hub.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nave::hub {

inline constexpr size_t kConfigurationsMax = 100;
inline constexpr size_t kConfigurationMetricsMax = 5;             // of its own, of one configuration
inline constexpr size_t kConfigurationBytesMax = 512 * 1024;      // labels, content and metrics of one
inline constexpr size_t kConfigurationTextBytesMax = 1024;        // schema version, content type
inline constexpr size_t kConfigurationDirtyMax = 65'536;          // changed twins that wait; beyond: a scan of all
inline constexpr size_t kConfigurationWritesMax = 512;            // twins that are being written at one time
inline constexpr size_t kConfigurationEdgeDevicesMax = 32;        // whose modules are being made at one time
inline constexpr size_t kConfigurationTurnTwins = 128;            // of one turn
inline constexpr size_t kConfigurationTurnBytes = 1024 * 1024;    // of twins that one turn reads
inline constexpr int64_t kConfigurationResultsMsMax = 10 * 1000;  // for counting; then the last results are shown
inline constexpr size_t kConfigurationReadsMax = 16;              // countings at one time; others are throttled

}  // namespace nave::hub
