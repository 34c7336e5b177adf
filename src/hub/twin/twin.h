// What the hub keeps of a device twin or module twin (reference/service-rest.md §11.1). The sections are JSON text: a
// read splices them into its answer, and a change takes apart only what it touches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/device/identity.h"

namespace nave::hub {

// desired or reported: `values` without any name that begins with '$'; `metadata` mirrors it, each node with its
// "$lastUpdated" and, in desired, "$lastUpdatedVersion".
struct TwinSection {
  std::string values = "{}";
  std::string metadata = "{}";
  uint64_t version = 1;  // +1 for every change, never back
  bool operator==(const TwinSection&) const = default;
};

struct Twin {
  uint64_t revision = 0;  // of the stored row, for TwinStore::put_twin; 0: nothing is stored yet
  uint64_t changes = 1;   // what the etag counts: writes of tags and desired properties, not of reported ones
  std::string model_id;   // from the last connect; empty: none
  std::string tags = "{}";
  TwinSection desired;
  TwinSection reported;
  // JSON text of an object: what each configuration that targets the twin is to it (reference/service-rest.md §15.3);
  // empty: none does.
  std::string configurations;
  bool operator==(const Twin&) const = default;
};

// The twin that every identity has from its creation on; it needs no row until something is written.
[[nodiscard]] Twin fresh_twin(const Identity& identity);

// The generation id says it (§6.1).
[[nodiscard]] UtcTime creation_time(const Identity& identity);

// Base64 of the counter as eight big-endian bytes: "AAAAAAAAAAE=" at first.
[[nodiscard]] std::string twin_etag_text(const Twin& twin);
// Twin::changes; nullopt: no twin's etag can look like this.
[[nodiscard]] std::optional<uint64_t> parse_twin_etag(std::string_view text);

}  // namespace nave::hub
