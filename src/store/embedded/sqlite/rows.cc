#include "store/embedded/sqlite/rows.h"

#include <charconv>

#include "base/crc32c.h"

namespace nave::store::embedded {

using hub::AuthType;
using hub::Identity;

RowChecksum& RowChecksum::add(int64_t number) {
  char bytes[8];
  store_le(bytes, static_cast<uint64_t>(number));
  crc_ = crc32c({bytes, sizeof bytes}, crc_);
  return *this;
}

RowChecksum& RowChecksum::add(std::string_view text) {
  add(static_cast<int64_t>(text.size()));
  crc_ = crc32c(text, crc_);
  return *this;
}

RowChecksum& RowChecksum::add(const std::optional<std::string>& text) {
  return text ? add(std::string_view(*text)) : add(int64_t{-1});
}

std::string join_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    out += std::to_string(item.size());
    out += ':';
    out += item;
  }
  return out;
}

std::optional<std::vector<std::string>> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t length = 0;
    const char* const end = text.data() + text.size();
    const auto [colon, error] = std::from_chars(text.data(), end, length);
    if (error != std::errc{} || colon == end || *colon != ':') return {};
    const auto rest = static_cast<size_t>(end - colon - 1);
    if (length > rest) return {};
    out.emplace_back(colon + 1, length);
    text.remove_prefix(text.size() - rest + length);
  }
  return out;
}

int64_t identity_checksum(const Identity& identity, std::string_view parent_scopes) {
  const hub::Authentication& a = identity.authentication;
  RowChecksum sum;
  sum.add(std::string_view(identity.key.device)).add(std::string_view(identity.key.module));
  sum.add(std::string_view(identity.generation_id)).add(static_cast<int64_t>(identity.etag));
  sum.add(int64_t{identity.enabled}).add(identity.status_reason).add(ticks_of(identity.status_updated));
  sum.add(static_cast<int64_t>(a.type)).add(std::string_view(a.primary_key)).add(std::string_view(a.secondary_key));
  sum.add(std::string_view(a.primary_thumbprint)).add(std::string_view(a.secondary_thumbprint));
  sum.add(int64_t{identity.iot_edge}).add(std::string_view(identity.device_scope)).add(parent_scopes);
  sum.add(identity.managed_by);
  return sum.value();
}

std::optional<Identity> read_identity(const Rows& row) {
  Identity out;
  out.key = {std::string(row.text(0)), std::string(row.text(1))};
  out.generation_id = row.text(2);
  out.etag = static_cast<uint64_t>(row.integer(3));
  out.enabled = row.integer(4) != 0;
  out.status_reason = row.optional_text(5);
  out.status_updated = UtcTime{Ticks{row.integer(6)}};
  const int64_t type = row.integer(7);
  if (type < 0 || type > static_cast<int64_t>(AuthType::kNone)) return {};
  out.authentication.type = static_cast<AuthType>(type);
  out.authentication.primary_key = row.text(8);
  out.authentication.secondary_key = row.text(9);
  out.authentication.primary_thumbprint = row.text(10);
  out.authentication.secondary_thumbprint = row.text(11);
  out.iot_edge = row.integer(12) != 0;
  out.device_scope = row.text(13);
  const std::string_view parent_scopes = row.text(14);
  out.managed_by = row.optional_text(15);
  if (identity_checksum(out, parent_scopes) != row.integer(18)) return {};
  std::optional<std::vector<std::string>> parents = split_list(parent_scopes);
  if (!parents) return {};
  out.parent_scopes = std::move(*parents);
  out.connection_state_updated = UtcTime{Ticks{row.integer(16)}};
  out.last_activity = UtcTime{Ticks{row.integer(17)}};
  return out;
}

int64_t command_checksum(const IdentityKey& key, const hub::CommandHead& head) {
  RowChecksum sum;
  sum.add(std::string_view(key.device)).add(std::string_view(key.module));
  sum.add(ticks_of(head.enqueued)).add(ticks_of(head.expires)).add(static_cast<int64_t>(head.ack));
  return sum.add(std::string_view(head.message_id)).value();
}

int64_t record_checksum(std::string_view record) {
  return RowChecksum().add(record).value();
}

int64_t feedback_checksum(const hub::Feedback& feedback) {
  RowChecksum sum;
  sum.add(ticks_of(feedback.enqueued)).add(ticks_of(feedback.expires)).add(static_cast<int64_t>(feedback.status));
  sum.add(std::string_view(feedback.message_id)).add(std::string_view(feedback.device));
  return sum.add(std::string_view(feedback.generation_id)).value();
}

std::optional<hub::CommandHead> read_command(const IdentityKey& key, const Rows& row) {
  hub::CommandHead out;
  out.sequence = static_cast<uint64_t>(row.integer(0));
  out.enqueued = UtcTime{Ticks{row.integer(1)}};
  out.expires = UtcTime{Ticks{row.integer(2)}};
  out.delivery_count = static_cast<uint32_t>(row.integer(3));
  const int64_t ack = row.integer(4);
  if (ack < 0 || ack > static_cast<int64_t>(hub::AckRequest::kFull)) return {};
  out.ack = static_cast<hub::AckRequest>(ack);
  out.message_id = row.text(5);
  if (command_checksum(key, out) != row.integer(6)) return {};
  return out;
}

std::optional<hub::StoredFeedback> read_feedback(const Rows& row) {
  hub::StoredFeedback out;
  out.sequence = static_cast<uint64_t>(row.integer(0));
  out.feedback.enqueued = UtcTime{Ticks{row.integer(1)}};
  out.feedback.expires = UtcTime{Ticks{row.integer(2)}};
  out.delivery_count = static_cast<uint32_t>(row.integer(3));
  const int64_t status = row.integer(4);
  if (status < 0 || status >= hub::kFeedbackStatusCount) return {};
  out.feedback.status = static_cast<hub::FeedbackStatus>(status);
  out.feedback.message_id = row.text(5);
  out.feedback.device = row.text(6);
  out.feedback.generation_id = row.text(7);
  if (feedback_checksum(out.feedback) != row.integer(8)) return {};
  return out;
}

int64_t session_checksum(const IdentityKey& key, const hub::MqttSession& session) {
  RowChecksum sum;
  sum.add(std::string_view(key.device)).add(std::string_view(key.module));
  return sum.add(int64_t{session.filters}).add(int64_t{session.qos1}).value();
}

int64_t policy_checksum(const auth::Policy& policy) {
  RowChecksum sum;
  sum.add(std::string_view(policy.name)).add(int64_t{policy.rights.bits()});
  return sum.add(std::string_view(policy.primary_key)).add(std::string_view(policy.secondary_key)).value();
}

int64_t setting_checksum(std::string_view name, std::string_view value) {
  return RowChecksum().add(name).add(value).value();
}

}  // namespace nave::store::embedded
