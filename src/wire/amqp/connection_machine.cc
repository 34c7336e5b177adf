#include "wire/amqp/connection_machine.h"

#include <algorithm>

#include "wire/amqp/frame.h"
#include "wire/amqp/session.h"

namespace nave::wire::amqp {

namespace {

// A peer that wants a heartbeat more often than this gets it this often.
constexpr int64_t kHeartbeatMsMin = 500;
constexpr uint32_t kFrameBytesMin = 512;  // what every peer takes, by the standard

// While it lives, callbacks may be running and nothing may be destroyed.
class InCall {
 public:
  explicit InCall(int& depth) : depth_(depth) { ++depth_; }
  ~InCall() { --depth_; }
  InCall(const InCall&) = delete;
  InCall& operator=(const InCall&) = delete;

 private:
  int& depth_;
};

}  // namespace

ConnectionMachine::ConnectionMachine(ConnectionListener& listener, const ConnectionOptions& options)
    : listener_(listener), options_(options), peer_max_frame_(kFrameBytesMin), handle_max_(options.handle_max) {}

ConnectionMachine::~ConnectionMachine() = default;

bool ConnectionMachine::feed(ByteView bytes, int64_t now_ms) {
  if (finished()) return false;
  bury();
  const InCall in_call(depth_);
  now_ms_ = now_ms;
  last_received_ms_ = now_ms;
  while (!bytes.empty() && !finished()) {
    if (input_.empty()) {
      const size_t taken = take_unit(bytes);
      if (taken == 0) input_ = bytes;
      bytes.remove_prefix(taken == 0 ? bytes.size() : taken);
      continue;
    }
    const size_t more = std::min(bytes.size(), needed_ - input_.size());
    input_.append(bytes.substr(0, more));
    bytes.remove_prefix(more);
    if (input_.size() < needed_) break;
    std::string unit = std::move(input_);
    input_.clear();
    if (take_unit(unit) == 0) input_ = std::move(unit);
  }
  return !finished();
}

size_t ConnectionMachine::take_unit(ByteView bytes) {
  if (phase_ == Phase::kHeader || phase_ == Phase::kHeaderAfterSasl) return take_header(bytes);
  return take_frame(bytes);
}

size_t ConnectionMachine::take_frame(ByteView bytes) {
  const bool sasl = phase_ == Phase::kSasl;
  Frame frame;
  const uint32_t most = sasl ? limits::kAmqpSaslFrameBytesMax : options_.max_frame_size;
  const FrameStatus status = read_frame(bytes, most, frame, needed_);
  if (status == FrameStatus::kPartial) return 0;
  const size_t size = needed_;
  if (status == FrameStatus::kBad || (frame.type == Output::kSaslFrame) != sasl) {
    fail(condition::kFramingError, "malformed frame");
  } else if (sasl) {
    on_sasl_frame(frame);
  } else {
    on_amqp_frame(frame);
  }
  return size;
}

ByteView ConnectionMachine::output() {
  output_.flush();
  return output_.bytes();
}

void ConnectionMachine::output_sent() {
  if (!output_.bytes().empty()) last_sent_ms_ = now_ms_;
  output_.clear();
  bury();
}

void ConnectionMachine::close(std::optional<Error> error) {
  if (phase_ == Phase::kCloseSent || finished()) return;
  if (phase_ == Phase::kAwaitOpen) write_open(default_reply());
  if (phase_ == Phase::kAwaitOpen || phase_ == Phase::kOpen) write_close(error);
  // A peer that has not opened will not answer: the next on_time() is the end.
  if (phase_ != Phase::kOpen) close_deadline_ms_ = 0;
  output_.seal();
  close_error_ = std::move(error);
  phase_ = Phase::kCloseSent;
}

void ConnectionMachine::abandon() {
  if (finished()) return;
  const InCall in_call(depth_);
  output_.seal();
  finish(CloseInfo{CloseInfo::Cause::kAbandoned, std::nullopt});
}

int64_t ConnectionMachine::heartbeat_ms() const {
  return std::max(peer_idle_ms_ / 2, kHeartbeatMsMin);
}

std::optional<int64_t> ConnectionMachine::next_deadline_ms() const {
  if (phase_ == Phase::kCloseSent) return close_deadline_ms_ < 0 ? now_ms_ : close_deadline_ms_;
  if (phase_ != Phase::kOpen) return std::nullopt;
  std::optional<int64_t> due;
  if (options_.idle_timeout_ms > 0) due = last_received_ms_ + silence_limit_ms();
  if (peer_idle_ms_ > 0) due = std::min(due.value_or(INT64_MAX), last_sent_ms_ + heartbeat_ms());
  return due;
}

void ConnectionMachine::on_time(int64_t now_ms) {
  bury();
  const InCall in_call(depth_);
  now_ms_ = now_ms;
  if (phase_ == Phase::kCloseSent) {
    if (close_deadline_ms_ < 0) {
      close_deadline_ms_ = now_ms + limits::kAmqpCloseWaitMs;
    } else if (now_ms >= close_deadline_ms_) {
      finish(CloseInfo{CloseInfo::Cause::kLocal, close_error_});
    }
    return;
  }
  if (phase_ != Phase::kOpen) return;
  if (options_.idle_timeout_ms > 0 && now_ms - last_received_ms_ >= silence_limit_ms()) {
    return fail(condition::kResourceLimitExceeded, "the peer was silent for longer than our idle time-out");
  }
  if (peer_idle_ms_ > 0 && output_.empty() && now_ms - last_sent_ms_ >= heartbeat_ms()) output_.empty_frame();
}

Link* ConnectionMachine::find(LinkId id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second;
}

void ConnectionMachine::fail(std::string_view condition, std::string_view text) {
  if (finished()) return;
  const Error error{std::string(condition), std::string(text), Value()};
  if (phase_ == Phase::kAwaitOpen) write_open(default_reply());
  if (phase_ == Phase::kAwaitOpen || phase_ == Phase::kOpen) write_close(error);
  output_.seal();
  finish(CloseInfo{CloseInfo::Cause::kProtocol, error});
}

void ConnectionMachine::finish(const CloseInfo& info) {
  phase_ = Phase::kFinished;
  auto sessions = std::move(sessions_);
  sessions_.clear();
  for (auto& [channel, owned] : sessions) {
    Session& session = *owned;
    buried_sessions_.push_back(std::move(owned));
    if (!session.ended()) report_session_end(session, DetachInfo::Cause::kConnection, info.error);
  }
  listener_.on_closed(info);
}

void ConnectionMachine::end_session(SessionId id, const std::optional<Error>& error) {
  if (phase_ != Phase::kOpen) return;
  const InCall in_call(depth_);
  const auto found =
      std::find_if(sessions_.begin(), sessions_.end(), [id](const auto& entry) { return entry.second->id() == id; });
  if (found != sessions_.end() && !found->second->ended()) found->second->end(error);
}

void ConnectionMachine::report_session_end(Session& session, DetachInfo::Cause cause,
                                           const std::optional<Error>& error) {
  for (Link* link : session.retire()) listener_.on_detach(*link, DetachInfo{cause, false, error});
  listener_.on_session_end(session.id());
}

void ConnectionMachine::bury() {
  if (depth_ > 0) return;
  buried_links_.clear();
  buried_sessions_.clear();
}

}  // namespace nave::wire::amqp
