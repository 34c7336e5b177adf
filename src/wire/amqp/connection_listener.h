// What a front implements to be told of a connection's life. All calls are made from inside ConnectionMachine::feed(),
// on_time() or abandon(), never from inside Link members or close(). Every callback may call any member of the machine
// and of any Link, except feed(), on_time(), abandon() and the destructor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/amqp/link.h"
#include "wire/amqp/performatives.h"

namespace nave::wire::amqp {

// What our open and begin will say; starts with the values of ConnectionOptions.
struct OpenReply {
  std::optional<std::string> hostname;
  uint32_t handle_max = 0;
};

struct DetachInfo {
  enum class Cause : uint8_t {
    kPeer,       // the peer detached; our detach has been written
    kStolen,     // the peer attached another link of the same name and role in the same session
    kProtocol,   // the link broke a rule (size, credit); we detached it with an error
    kSession,    // its session ended
    kConnection  // the connection ended
  };
  Cause cause = Cause::kPeer;
  bool closed = false;         // kPeer: the peer's flag
  std::optional<Error> error;  // of the peer, or the one we sent
};

struct CloseInfo {
  enum class Cause : uint8_t {
    kPeer,      // the peer closed
    kLocal,     // close() was called
    kProtocol,  // the peer broke the protocol, failed SASL, or was silent for too long
    kAbandoned  // abandon(): the transport is gone
  };
  Cause cause = Cause::kPeer;
  std::optional<Error> error;  // the peer's, or the one we sent
};

class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;

  // The peer chose a mechanism that we offer. `initial_response` is untrusted and may hold a secret. True lets it in.
  // Not called on connections that start without SASL.
  virtual bool on_sasl(std::string_view mechanism, ByteView initial_response) = 0;
  // The peer opened; our open is written after this call.
  virtual void on_open(const Open& open, OpenReply& reply) = 0;
  // Sessions are accepted by the machine. Each begin is followed by exactly one end, after the on_detach() of its
  // links.
  virtual void on_session_begin(SessionId) {}
  virtual void on_session_end(SessionId) {}
  // A new link, not answered yet: call link.accept() or link.refuse() now or later. It may have to be refused before
  // the peer is authorised.
  virtual void on_attach(Link& link) = 0;
  // A whole message, exactly once, in the order of the wire.
  virtual void on_delivery(Link& link, const Delivery& delivery) = 0;
  // The peer gave credit, asked to drain, or its session window opened again: link.can_send() may have become true.
  // During a drain whatever credit is left unused when this returns is given up (R16).
  virtual void on_sendable(Link&) {}
  // Exactly once with settled == true for each delivery sent unsettled, unless the link ends first; before that
  // possibly once with settled == false.
  virtual void on_outcome(Link&, const SentOutcome&) {}
  // Last call for a live link, exactly once; not called for links that the listener itself refused or detached.
  virtual void on_detach(Link& link, const DetachInfo& info) = 0;
  // Last call of all, exactly once, after on_detach() of every live link and on_session_end() of every session.
  virtual void on_closed(const CloseInfo& info) = 0;
};

}  // namespace nave::wire::amqp
