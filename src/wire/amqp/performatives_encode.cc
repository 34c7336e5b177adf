#include "wire/amqp/performatives.h"
#include "wire/amqp/writer.h"

namespace nave::wire::amqp {

namespace {

void encode_error_or_null(const std::optional<Error>& error, std::string& out) {
  if (error) {
    encode(*error, out);
  } else {
    Writer(out).null();
  }
}

template <class Mode>
void encode_mode(std::optional<Mode> mode, Writer& writer) {
  mode ? writer.ubyte(static_cast<uint8_t>(*mode)) : writer.null();
}

void encode_common(const Terminus& v, Writer& writer) {
  writer.value(v.address);
  writer.uint(v.durable);
  writer.value(v.expiry_policy);
  writer.uint(v.timeout_s);
  writer.boolean(v.dynamic);
  writer.value(v.dynamic_node_properties);
}

void encode_source(const std::optional<Terminus>& v, std::string& out) {
  Writer writer(out);
  if (!v) return writer.null();
  writer.descriptor(Code::kSource);
  const auto list = writer.begin_list();
  encode_common(*v, writer);
  writer.value(v->distribution_mode);
  writer.value(v->filter);
  writer.value(v->default_outcome);
  writer.value(v->outcomes);
  writer.value(v->capabilities);
  writer.end(list, 11);
}

void encode_target(const std::optional<Terminus>& v, std::string& out) {
  Writer writer(out);
  if (!v) return writer.null();
  writer.descriptor(Code::kTarget);
  const auto list = writer.begin_list();
  encode_common(*v, writer);
  writer.value(v->capabilities);
  writer.end(list, 7);
}

void encode_only_error(Code code, const std::optional<Error>& error, std::string& out) {
  Writer writer(out);
  writer.descriptor(code);
  const auto list = writer.begin_list();
  encode_error_or_null(error, out);
  writer.end(list, 1);
}

void encode_outcome(const Rejected& v, std::string& out) {
  encode_only_error(Code::kRejected, v.error, out);
}

void encode_outcome(const Modified& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kModified);
  const auto list = writer.begin_list();
  writer.boolean(v.delivery_failed);
  writer.boolean(v.undeliverable_here);
  writer.value(v.message_annotations);
  writer.end(list, 3);
}

void encode_outcome(const Received& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kReceived);
  const auto list = writer.begin_list();
  writer.uint(v.section_number);
  writer.ulong(v.section_offset);
  writer.end(list, 2);
}

// The two outcomes without fields are the only list0 that peers know (R2).
void encode_outcome(const Accepted&, std::string& out) {
  out.append("\x00\x53\x24\x45", 4);
}

void encode_outcome(const Released&, std::string& out) {
  out.append("\x00\x53\x26\x45", 4);
}

void encode_outcome(std::monostate, std::string& out) {
  Writer(out).null();
}

}  // namespace

void encode(const Open& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kOpen);
  const auto list = writer.begin_list();
  writer.string(v.container_id);
  writer.optional_string(v.hostname);
  writer.uint(v.max_frame_size);
  writer.ushort(v.channel_max);
  writer.optional_uint(v.idle_timeout_ms);
  for (int i = 0; i < 4; ++i) writer.null();  // locales and capabilities
  writer.value(v.properties);
  writer.end(list, 10);
}

void encode(const Begin& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kBegin);
  const auto list = writer.begin_list();
  v.remote_channel ? writer.ushort(*v.remote_channel) : writer.null();
  writer.uint(v.next_outgoing_id);
  writer.uint(v.incoming_window);
  writer.uint(v.outgoing_window);
  writer.uint(v.handle_max);
  for (int i = 0; i < 3; ++i) writer.null();  // capabilities and properties
  writer.end(list, 8);
}

void encode(const Attach& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kAttach);
  const auto list = writer.begin_list();
  writer.string(v.name);
  writer.uint(v.handle);
  writer.boolean(v.role == Role::kReceiver);
  encode_mode(v.snd_settle_mode, writer);
  encode_mode(v.rcv_settle_mode, writer);
  encode_source(v.source, out);
  encode_target(v.target, out);
  writer.null();  // unsettled: nothing is resumed (R17)
  writer.null();  // incomplete-unsettled
  writer.optional_uint(v.initial_delivery_count);
  v.max_message_size ? writer.ulong(*v.max_message_size) : writer.null();
  writer.value(v.offered_capabilities);
  writer.value(v.desired_capabilities);
  writer.value(v.properties);
  writer.end(list, 14);
}

void encode(const Flow& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kFlow);
  const auto list = writer.begin_list();
  writer.optional_uint(v.next_incoming_id);
  writer.uint(v.incoming_window);
  writer.uint(v.next_outgoing_id);
  writer.uint(v.outgoing_window);
  writer.optional_uint(v.handle);
  writer.optional_uint(v.delivery_count);
  writer.optional_uint(v.link_credit);
  writer.optional_uint(v.available);
  writer.optional_bool(v.drain);
  writer.boolean(v.echo);
  writer.null();  // properties
  writer.end(list, 11);
}

void encode(const Transfer& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kTransfer);
  const auto list = writer.begin_list();
  writer.uint(v.handle);
  writer.optional_uint(v.delivery_id);
  writer.optional_binary(v.delivery_tag);
  writer.optional_uint(v.message_format);
  writer.optional_bool(v.settled);
  writer.boolean(v.more);
  for (int i = 0; i < 4; ++i) writer.null();  // rcv-settle-mode, state, resume, aborted (R14)
  writer.boolean(false);                      // batchable
  writer.end(list, 11);
}

void encode_disposition(Role role, uint32_t first, std::optional<uint32_t> last, bool settled, const Outcome& state,
                        std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kDisposition);
  const auto list = writer.begin_list();
  writer.boolean(role == Role::kReceiver);
  writer.uint(first);
  writer.optional_uint(last);
  writer.boolean(settled);
  encode(state, out);
  writer.null();  // batchable
  writer.end(list, 6);
}

void encode(const Detach& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kDetach);
  const auto list = writer.begin_list();
  writer.uint(v.handle);
  writer.boolean(v.closed);
  encode_error_or_null(v.error, out);
  writer.end(list, 3);
}

void encode_end(const std::optional<Error>& error, std::string& out) {
  encode_only_error(Code::kEnd, error, out);
}

void encode_close(const std::optional<Error>& error, std::string& out) {
  encode_only_error(Code::kClose, error, out);
}

void encode(const Error& v, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kError);
  const auto list = writer.begin_list();
  writer.symbol(v.condition);
  writer.optional_string(v.description);
  writer.value(v.info);
  writer.end(list, 3);
}

void encode(const Outcome& v, std::string& out) {
  std::visit([&](const auto& outcome) { encode_outcome(outcome, out); }, v);
}

void encode_sasl_mechanisms(const std::vector<std::string_view>& mechanisms, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kSaslMechanisms);
  const auto list = writer.begin_list();
  writer.symbols(mechanisms);
  writer.end(list, 1);
}

void encode_sasl_outcome(uint8_t code, ByteView additional_data, std::string& out) {
  Writer writer(out);
  writer.descriptor(Code::kSaslOutcome);
  const auto list = writer.begin_list();
  writer.ubyte(code);
  writer.binary(additional_data);
  writer.end(list, 2);
}

}  // namespace nave::wire::amqp
