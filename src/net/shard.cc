#include "net/shard.h"

#include <algorithm>
#include <utility>

#include "net/acceptor.h"
#include "net/connection.h"

namespace nave::net {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr size_t kBuffersKept = 256;
constexpr size_t kBufferBytesKept = 16 * 1024;

}  // namespace

Shard::Shard(ShardId id, const Clock& clock, RuntimeShared& runtime_shared)
    : loop(clock),
      shared(runtime_shared),
      context{id, loop, loop.timers(), clock},
      received(kReceiveBytes),
      // All records that end in one recv(), the first of which may have begun in an earlier one; one byte more, so
      // that the read which finds nothing has room.
      decrypted(kReceiveBytes + TlsSession::kRecordBytesMax + 1) {}

Shard::~Shard() {
  cut_all();
}

void Shard::add_acceptor(Socket socket, Listener& listener) {
  acceptors_.push_back(std::make_unique<Acceptor>(*this, std::move(socket), listener));
}

void Shard::run() {
  loop.run([this] { return end_of_turn(); });
  cut_all();
}

void Shard::begin_stop(int64_t grace_ms) {
  if (std::exchange(stopping_, true)) return;
  acceptors_.clear();
  for (const auto& c : connections_) c->shut_down();
  auto cut = [this] { loop.stop(); };
  grace_ = std::make_unique<CallbackTimer<decltype(cut)>>(cut);
  loop.timers().arm(*grace_, grace_ms);
}

void Shard::adopt(std::unique_ptr<Connection> connection) {
  connection->set_index(connections_.size());
  connections_.push_back(std::move(connection));
}

std::string Shard::take_buffer() {
  if (buffers_.empty()) return {};
  std::string out = std::move(buffers_.back());
  buffers_.pop_back();
  return out;
}

void Shard::give_buffer(std::string&& buffer) {
  if (buffer.capacity() > kBufferBytesKept || buffers_.size() >= kBuffersKept) {
    std::string().swap(buffer);
    return;
  }
  buffer.clear();
  buffers_.push_back(std::move(buffer));
}

bool Shard::end_of_turn() {
  flush_dirty();
  bury_finished();
  if (stopping_ && connections_.empty()) loop.stop();
  return !dirty_.empty() || !finished_.empty();
}

// What a handler writes from inside on_drained() or on_closed() waits for the next turn, so that a turn always ends.
void Shard::flush_dirty() {
  batch_.swap(dirty_);
  for (Connection* c : batch_) c->flush();
  batch_.clear();
}

void Shard::bury_finished() {
  batch_.swap(finished_);
  for (Connection* c : batch_) {
    if (c->finish()) destroy(*c);
  }
  batch_.clear();
}

void Shard::destroy(Connection& connection) {
  if (connection.is_dirty()) std::erase(dirty_, &connection);
  const size_t i = connection.index();
  std::swap(connections_[i], connections_.back());
  connections_[i]->set_index(i);
  connections_.pop_back();
}

void Shard::cut_all() {
  acceptors_.clear();
  grace_.reset();
  while (!connections_.empty()) {
    for (const auto& c : connections_) c->cut();
    bury_finished();
  }
}

}  // namespace nave::net
