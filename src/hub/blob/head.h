// The small file that says what a container or blob is (docs/formats/blobs.md): a line with its checksum, then JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hub/blob/blob.h"

namespace nave::hub {

struct ContainerHead {
  std::string name;
  BlobContainer container;
};
struct BlobHead {
  std::string container;
  std::string name;
  Blob blob;
};

[[nodiscard]] std::string write_head(const ContainerHead& head);
[[nodiscard]] std::string write_head(const BlobHead& head);
// nullopt: damaged.
[[nodiscard]] std::optional<ContainerHead> read_container_head(std::string_view text);
[[nodiscard]] std::optional<BlobHead> read_blob_head(std::string_view text);

}  // namespace nave::hub
