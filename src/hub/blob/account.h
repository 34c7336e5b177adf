// The one storage account of the hub.
#pragma once

#include <string_view>

namespace nave::hub {

// The first segment of every path of the Blob service; no path of the service API begins so.
inline constexpr std::string_view kBlobAccountName = "navestorage";

}  // namespace nave::hub
