// An import or export of the registry (reference/service-rest.md §10.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "hub/errors.h"
#include "json/value.h"

namespace nave::hub {

enum class TransferType : uint8_t { kExport, kImport };
enum class TransferStatus : uint8_t { kEnqueued, kRunning, kCompleted, kFailed, kCancelled };

struct TransferJob {
  std::string id;
  TransferType type = TransferType::kExport;
  std::string input_uri;  // of containers, with signatures; never shown
  std::string output_uri;
  std::string input_blob;
  std::string output_blob;  // an import: its error log
  std::string configurations_blob;
  bool exclude_keys = false;
  bool include_configurations = false;
  std::string storage_authentication = "keyBased";
  TransferStatus status = TransferStatus::kEnqueued;
  int64_t progress = 0;  // percent
  std::optional<UtcTime> started;
  std::optional<UtcTime> ended;
  std::string failure;  // empty: none

  // How far an import is: bytes of the input whose lines took place, bytes of the log, and what the log is still to
  // get. All of the same moment.
  uint64_t offset = 0;
  uint64_t log_bytes = 0;
  std::string log_pending;

  [[nodiscard]] bool is_open() const {
    return status == TransferStatus::kEnqueued || status == TransferStatus::kRunning;
  }
};

// Of the body of POST /jobs/create. ArgumentNull or ArgumentInvalid. The id is made if none is given.
[[nodiscard]] HubResult<TransferJob> parse_transfer_job(const json::Object& body);
// As clients see it.
[[nodiscard]] json::Object transfer_job_document(const TransferJob& job);

// All of it, for the store.
[[nodiscard]] std::string write_transfer_job(const TransferJob& job);
[[nodiscard]] std::optional<TransferJob> read_transfer_job(std::string_view text);

}  // namespace nave::hub
