// What a request asks of the Blob service, by its method, path and query.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/blob_sas.h"
#include "hub/blob/blob.h"
#include "net/http.h"

namespace nave::front::blob {

enum class Operation : uint8_t {
  kListContainers,
  kServiceProperties,
  kAccountInformation,
  kCreateContainer,
  kDeleteContainer,
  kContainerProperties,
  kSetContainerMetadata,
  kListBlobs,
  kPutBlob,
  kCreateAppendBlob,
  kPutBlock,
  kPutBlockList,
  kGetBlockList,
  kAppendBlock,
  kGetBlob,
  kBlobProperties,
  kDeleteBlob,
  kSetBlobMetadata,
  kSetBlobHeaders,
};

struct BlobCall {
  Operation operation = Operation::kServiceProperties;
  auth::BlobResource resource;
  auth::QueryParameters parameters;
  net::HttpRequest request;
};

// True for "/{account}" and what lies below it.
[[nodiscard]] bool is_below_account(std::string_view path, std::string_view account);
// `request` may be without its body. NotImplemented for what the real service does and we do not.
[[nodiscard]] hub::BlobResult<BlobCall> parse_call(net::HttpRequest request, std::string_view account);
// Its body passes in pieces.
[[nodiscard]] bool has_content(Operation operation);

// InvalidHeaderValue for dates that are none.
[[nodiscard]] hub::BlobResult<hub::BlobConditions> conditions_of(const net::HttpRequest& request);
[[nodiscard]] hub::BlobResult<hub::BlobMetadata> metadata_of(const net::HttpRequest& request);
// Of x-ms-blob-content-type and its like.
[[nodiscard]] hub::BlobHeaders headers_of(const net::HttpRequest& request);

struct ByteRange {
  uint64_t first = 0;
  uint64_t last = 0;
};
// Of x-ms-range or Range, within `size`; nullopt: the whole. InvalidRange: begins behind the end.
[[nodiscard]] hub::BlobResult<std::optional<ByteRange>> range_of(const net::HttpRequest& request, uint64_t size);

}  // namespace nave::front::blob
