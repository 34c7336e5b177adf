// The XML documents of the Blob service.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/blob/storage.h"

namespace nave::front::blob {

[[nodiscard]] std::string error_document(const hub::BlobErrorRow& error, std::string_view request_id, UtcTime now);

struct ListRequest {
  std::string endpoint;  // "https://host/account/"
  std::string prefix;
  std::string delimiter;
  std::string marker;  // as given
  size_t top = hub::kBlobListMax;
  bool with_metadata = false;
};
[[nodiscard]] std::string blob_list_document(const std::string& container, const ListRequest& request,
                                             const hub::BlobList& list);
[[nodiscard]] std::string container_list_document(
    const ListRequest& request, const std::vector<std::pair<std::string, hub::BlobContainer>>& containers,
    const std::string& next);
[[nodiscard]] std::string block_list_document(const hub::BlobStorage::Blocks& blocks, std::string_view which);
[[nodiscard]] std::string service_properties_document();

// Where a list goes on, as its reader keeps it.
[[nodiscard]] std::string write_marker(const std::string& next);
// nullopt: not one of ours.
[[nodiscard]] std::optional<std::string> read_marker(const std::string& marker);

// The body of Put Block List. InvalidXmlDocument, InvalidBlockId or BlockCountExceedsLimit.
[[nodiscard]] hub::BlobResult<std::vector<hub::BlobBlockChoice>> read_block_list(std::string_view text);

}  // namespace nave::front::blob
