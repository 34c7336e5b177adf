// What reads a request to the Blob service: its address, signature, headers, and the block list in its body.
#include <string>

#include "auth/blob_sas.h"
#include "base/check.h"
#include "front/blob/authorize.h"
#include "front/blob/xml.h"
#include "hub/blob/limits.h"
#include "hub/transfer/own_container.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave::front::blob;
  static const nave::auth::BlobAccount kAccount{"acct", "a2V5"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A line each: method, target, x-ms-range, Authorization, x-ms-blob-type, metadata.
  nave::net::HttpRequest request;
  std::string_view rest = text;
  const auto line = [&rest] {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string out(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return out;
  };
  request.method = line();
  request.target = line();
  for (const char* name : {"x-ms-range", "Authorization", "x-ms-blob-type", "x-ms-meta-a", "If-Modified-Since"}) {
    request.headers.emplace_back(name, line());
  }
  (void)range_of(request, 1000);
  (void)conditions_of(request);
  (void)metadata_of(request);
  if (is_below_account(request.path(), kAccount.name)) {
    const auto call = parse_call(request, kAccount.name);
    if (call) {
      NAVE_CHECK(call->resource.container.empty() || nave::hub::is_container_name(call->resource.container),
                 "container");
      (void)authorize(*call, kAccount, nave::from_unix_ms(1'786'784'856'000));
    }
  }
  if (const auto list = read_block_list(text)) {
    NAVE_CHECK(list->size() <= nave::hub::kBlobBlocksMax, "too many blocks");
    for (const auto& choice : *list) NAVE_CHECK(nave::hub::is_block_id(choice.id), "block id");
  }
  const auto uri = nave::hub::parse_container_uri(text);
  NAVE_CHECK(!uri || (uri->path.find('\n') == std::string::npos && uri->query.find('\n') == std::string::npos),
             "a line");
  const nave::auth::QueryParameters parameters = nave::auth::parse_query(text);
  NAVE_CHECK(!nave::auth::verify_blob_sas(parameters, kAccount, {"box", "b"}, nave::kNever), "nobody knows the key");
  (void)read_marker(std::string(text));
  return 0;
}
