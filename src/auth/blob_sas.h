// Shared access signatures of the Blob service: of a container or blob ("service SAS", sr=c or b) and of the whole
// account (ss, srt). How they are signed depends on their version (sv).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace nave::auth {

struct BlobAccount {
  std::string name;
  std::string key;  // base64
};

enum class BlobRight : uint8_t { kRead = 1, kAdd = 2, kCreate = 4, kWrite = 8, kDelete = 16, kList = 32 };

class BlobRights {
 public:
  BlobRights() = default;
  // Of the letters of sp; those that mean nothing here are passed over.
  explicit BlobRights(std::string_view letters);
  [[nodiscard]] static BlobRights all() { return BlobRights("racwdl"); }
  [[nodiscard]] bool has(BlobRight right) const { return (bits_ & static_cast<uint8_t>(right)) != 0; }

 private:
  uint8_t bits_ = 0;
};

// Decoded names and values in the order of the URL.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] QueryParameters parse_query(std::string_view query);
// The first of that name; names compare exactly. Empty if there is none.
[[nodiscard]] std::string_view value_of(const QueryParameters& parameters, std::string_view name);

// What a request is about, and what a signature must cover. Account: both empty. Container: `blob` empty.
struct BlobResource {
  std::string container;
  std::string blob;
};

enum class BlobSasError : uint8_t {
  kMalformed,    // fields are missing or make no sense
  kUnsupported,  // a stored policy (si), a user delegation key, a snapshot, a version before 2015-04-05
  kBadSignature,
  kTime,           // not yet, or no more
  kWrongResource,  // good, but for another container, blob or kind of thing
};

// The rights that the signature in `parameters` gives over `resource`.
[[nodiscard]] Result<BlobRights, BlobSasError> verify_blob_sas(const QueryParameters& parameters,
                                                               const BlobAccount& account, const BlobResource& resource,
                                                               UtcTime now);

// Whether `signature` is that of `text` with the account's key; takes the same time for every wrong one.
[[nodiscard]] bool is_signed_with(const BlobAccount& account, std::string_view text, std::string_view signature);

// "sv=…&…&sig=…" for a container, or for one blob of it.
[[nodiscard]] std::string make_blob_sas(const BlobAccount& account, const BlobResource& resource,
                                        std::string_view permissions, UtcTime expires);

// The same for the whole account: its service, containers and blobs.
[[nodiscard]] std::string make_account_sas(const BlobAccount& account, std::string_view permissions, UtcTime expires);

}  // namespace nave::auth
