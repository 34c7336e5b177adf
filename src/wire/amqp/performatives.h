// The frame bodies of AMQP 1.0 and SASL as structs, with a decoder and an encoder each. Decoders accept lists that are
// shorter or longer than the schema; encoders always write every field (reference/amqp.md §1 R1).
//
// Structs that the hot path decodes (Transfer, Flow, Disposition) hold views into the frame; the others own their data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "wire/amqp/item.h"
#include "wire/amqp/value.h"

namespace nave::wire::amqp {

struct Error {
  std::string condition;
  std::optional<std::string> description;
  Value info;  // map or null
};

// Outcomes and the non-terminal `received`. A disposition without a state is std::monostate.
struct Received {
  uint32_t section_number = 0;
  uint64_t section_offset = 0;
};
struct Accepted {};
struct Rejected {
  std::optional<Error> error;
};
struct Released {};
struct Modified {
  bool delivery_failed = false;
  bool undeliverable_here = false;
  Value message_annotations;
};
using Outcome = std::variant<std::monostate, Accepted, Rejected, Released, Modified, Received>;

struct Open {
  std::string container_id;
  std::optional<std::string> hostname;
  uint32_t max_frame_size = UINT32_MAX;
  uint16_t channel_max = UINT16_MAX;
  std::optional<uint32_t> idle_timeout_ms;
  Value properties;
};

struct Begin {
  std::optional<uint16_t> remote_channel;
  uint32_t next_outgoing_id = 0;
  uint32_t incoming_window = 0;
  uint32_t outgoing_window = 0;
  uint32_t handle_max = UINT32_MAX;
};

// A source or a target: the fields that both have come first, the rest belong to sources. Fields that we only echo are
// kept as they came.
struct Terminus {
  Value address;  // nearly always a string
  uint32_t durable = 0;
  Value expiry_policy;
  uint32_t timeout_s = 0;
  bool dynamic = false;
  Value dynamic_node_properties;
  Value capabilities;
  Value distribution_mode;
  Value filter;  // map of symbol → described value, or null
  Value default_outcome;
  Value outcomes;

  // Empty if there is none.
  [[nodiscard]] std::string_view address_text() const { return address.as_text().value_or(std::string_view{}); }
};

struct Attach {
  std::string name;
  uint32_t handle = 0;
  Role role = Role::kSender;
  std::optional<SndSettleMode> snd_settle_mode;
  std::optional<RcvSettleMode> rcv_settle_mode;
  std::optional<Terminus> source;
  std::optional<Terminus> target;
  std::optional<uint32_t> initial_delivery_count;
  std::optional<uint64_t> max_message_size;
  Value offered_capabilities;
  Value desired_capabilities;  // symbol, array of symbols, or null
  Value properties;            // map or null

  // True if desired_capabilities holds the symbol.
  [[nodiscard]] bool desires(std::string_view capability) const;
};

struct Flow {
  std::optional<uint32_t> next_incoming_id;
  uint32_t incoming_window = 0;
  uint32_t next_outgoing_id = 0;
  uint32_t outgoing_window = 0;
  std::optional<uint32_t> handle;
  std::optional<uint32_t> delivery_count;
  std::optional<uint32_t> link_credit;
  std::optional<uint32_t> available;
  std::optional<bool> drain;
  bool echo = false;
};

struct Transfer {
  uint32_t handle = 0;
  std::optional<uint32_t> delivery_id;
  std::optional<ByteView> delivery_tag;
  std::optional<uint32_t> message_format;
  std::optional<bool> settled;
  bool more = false;
  bool aborted = false;
};

struct Disposition {
  Role role = Role::kReceiver;
  uint32_t first = 0;
  std::optional<uint32_t> last;
  bool settled = false;
  Item state;  // undecoded; decode_outcome() reads it
};

struct Detach {
  uint32_t handle = 0;
  bool closed = false;
  std::optional<Error> error;
};

struct SaslInit {
  std::string_view mechanism;
  std::optional<ByteView> initial_response;
  std::optional<std::string_view> hostname;
};

// --- decoding: `fields` is the list under the descriptor; false if a field is malformed or a mandatory one is missing.
[[nodiscard]] bool decode(const Item& fields, Open& out);
[[nodiscard]] bool decode(const Item& fields, Begin& out);
[[nodiscard]] bool decode(const Item& fields, Attach& out);
[[nodiscard]] bool decode(const Item& fields, Flow& out);
[[nodiscard]] bool decode(const Item& fields, Transfer& out);
[[nodiscard]] bool decode(const Item& fields, Disposition& out);
[[nodiscard]] bool decode(const Item& fields, Detach& out);
[[nodiscard]] bool decode(const Item& fields, SaslInit& out);
// End and Close: an optional error. An error that makes no sense is read as absent.
[[nodiscard]] std::optional<Error> decode_error(const Item& error);
// Lenient: some SDKs write malformed `rejected` lists (§11), which are a rejection without an error.
[[nodiscard]] Outcome decode_outcome(const Item& state);

// --- encoding: appends descriptor and list, no frame header (frame.h adds it).
void encode(const Open& v, std::string& out);
void encode(const Begin& v, std::string& out);
void encode(const Attach& v, std::string& out);
void encode(const Flow& v, std::string& out);
// `first` frames carry id, tag and format, continuations do not (R7). state and rcv-settle-mode are never written.
void encode(const Transfer& v, std::string& out);
void encode_disposition(Role role, uint32_t first, std::optional<uint32_t> last, bool settled, const Outcome& state,
                        std::string& out);
void encode(const Detach& v, std::string& out);
void encode_end(const std::optional<Error>& error, std::string& out);
void encode_close(const std::optional<Error>& error, std::string& out);
void encode(const Error& v, std::string& out);
void encode(const Outcome& v, std::string& out);
void encode_sasl_mechanisms(const std::vector<std::string_view>& mechanisms, std::string& out);
void encode_sasl_outcome(uint8_t code, ByteView additional_data, std::string& out);

}  // namespace nave::wire::amqp
