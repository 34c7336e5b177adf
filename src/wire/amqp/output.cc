#include "wire/amqp/output.h"

#include "wire/amqp/performatives.h"

namespace nave::wire::amqp {

namespace {

// An idle connection should not keep the buffer of its busiest moment.
constexpr size_t kKeptCapacity = 1024;

}  // namespace

std::string& Output::begin_frame(uint8_t type, uint16_t channel) {
  flush();
  frame_at_ = bytes_.size();
  bytes_.append(4, '\0');
  bytes_.push_back('\x02');  // data offset in words: no extended header
  bytes_.push_back(static_cast<char>(type));
  append_be(bytes_, channel);
  return bytes_;
}

void Output::end_frame() {
  if (sealed_) return bytes_.resize(frame_at_);
  store_be(&bytes_[frame_at_], static_cast<uint32_t>(bytes_.size() - frame_at_));
}

void Output::empty_frame() {
  begin_frame(kAmqpFrame, 0);
  end_frame();
}

void Output::accept(uint16_t channel, uint32_t handle, uint32_t delivery_id) {
  if (sealed_) return;
  if (pending_ && pending_->channel == channel && pending_->handle == handle && pending_->last + 1 == delivery_id) {
    pending_->last = delivery_id;
    return;
  }
  flush();
  pending_ = Accepts{channel, handle, delivery_id, delivery_id};
}

void Output::flush() {
  if (!pending_) return;
  const Accepts accepts = *pending_;
  pending_.reset();
  std::optional<uint32_t> last;
  if (accepts.last != accepts.first) last = accepts.last;
  std::string& body = begin_frame(kAmqpFrame, accepts.channel);
  encode_disposition(Role::kReceiver, accepts.first, last, true, Accepted{}, body);
  end_frame();
}

void Output::clear() {
  bytes_.clear();
  if (bytes_.capacity() > kKeptCapacity) bytes_.shrink_to_fit();
}

}  // namespace nave::wire::amqp
