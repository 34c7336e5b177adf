// How the hub's values lie in columns (docs/formats/state-db.md). Every row carries a CRC-32C of its columns, because
// SQLite itself would hand out a flipped bit as if nothing had happened.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hub/ports.h"
#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// Accumulates the columns of a row; the length goes in before the bytes, so that "ab","c" and "a","bc" differ.
class RowChecksum {
 public:
  RowChecksum& add(std::string_view text);
  RowChecksum& add(int64_t number);
  RowChecksum& add(const std::optional<std::string>& text);
  [[nodiscard]] int64_t value() const { return crc_; }

 private:
  uint32_t crc_ = 0;
};

// A list of texts in one column: "<length>:<bytes>" for each.
[[nodiscard]] std::string join_list(const std::vector<std::string>& items);
[[nodiscard]] std::optional<std::vector<std::string>> split_list(std::string_view text);

// SELECT … FROM identity begins with these columns, in this order.
inline constexpr std::string_view kIdentityColumns =
    "device_id, module_id, generation_id, etag, enabled, status_reason, status_updated, auth_type, primary_key, "
    "secondary_key, primary_thumbprint, secondary_thumbprint, iot_edge, device_scope, parent_scopes, managed_by, "
    "connection_state_updated, last_activity, checksum";

// The activity times are not covered: they change alone, often and without acknowledgement.
[[nodiscard]] int64_t identity_checksum(const hub::Identity& identity, std::string_view parent_scopes);
// nullopt if the row is damaged.
[[nodiscard]] std::optional<hub::Identity> read_identity(const Rows& row);

// SELECT … FROM command and … FROM feedback begin with these columns, in this order. The delivery counts are not
// covered by the checksums: they change alone.
inline constexpr std::string_view kCommandColumns =
    "sequence, enqueued, expires, delivery_count, ack, message_id, checksum";
inline constexpr std::string_view kFeedbackColumns =
    "sequence, enqueued, expires, delivery_count, status, message_id, device_id, generation_id, checksum";

[[nodiscard]] int64_t command_checksum(const IdentityKey& key, const hub::CommandHead& head);
[[nodiscard]] int64_t record_checksum(std::string_view record);
[[nodiscard]] int64_t feedback_checksum(const hub::Feedback& feedback);
// nullopt if the row is damaged.
[[nodiscard]] std::optional<hub::CommandHead> read_command(const IdentityKey& key, const Rows& row);
[[nodiscard]] std::optional<hub::StoredFeedback> read_feedback(const Rows& row);

[[nodiscard]] int64_t session_checksum(const IdentityKey& key, const hub::MqttSession& session);
[[nodiscard]] int64_t policy_checksum(const auth::Policy& policy);
[[nodiscard]] int64_t setting_checksum(std::string_view name, std::string_view value);

[[nodiscard]] inline int64_t ticks_of(UtcTime t) {
  return t.time_since_epoch().count();
}

}  // namespace nave::store::embedded
