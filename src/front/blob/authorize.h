// Who may do what with blobs: the holder of the account's key (SharedKey), or of a shared access signature.
#pragma once

#include "auth/blob_sas.h"
#include "front/blob/request.h"
#include "hub/blob/errors.h"

namespace nave::front::blob {

struct Admission {
  bool only_new = false;  // may make a blob but not write over one
};

// AuthenticationFailed: no good signature. AuthorizationFailure: not for this kind of operation.
// AuthorizationPermissionMismatch: not with these permissions.
[[nodiscard]] hub::BlobResult<Admission> authorize(const BlobCall& call, const auth::BlobAccount& account, UtcTime now);

// What a SharedKey signature covers.
[[nodiscard]] std::string shared_key_text(const net::HttpRequest& request, const auth::QueryParameters& parameters,
                                          const auth::BlobAccount& account);

}  // namespace nave::front::blob
