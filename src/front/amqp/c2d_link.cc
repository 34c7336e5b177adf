#include "front/amqp/c2d_link.h"

#include <utility>

#include "front/amqp/c2d_message.h"

namespace nave::front::amqp {

void C2dLink::on_sendable(wire::amqp::Link& link) {
  while (link.can_send()) {
    if (connection().congested()) return connection().when_writable(id());
    const auto next = messages_.receive({session().key(), session().origin().generation_id});
    if (!next) return;
    unsettled_.send(link, encode_c2d_message(*next), next->lock);
  }
}

void C2dLink::on_c2d_available() {
  on_sendable(*link());
}

void C2dLink::on_outcome(wire::amqp::Link&, const wire::amqp::SentOutcome& outcome) {
  session().note_activity();
  const auto settled = unsettled_.on_outcome(outcome);
  if (!settled) return;
  if (!settled->outcome) return messages_.release(session().key(), {&settled->lock, 1});
  messages_.settle(session().key(), settled->lock, *settled->outcome, connection().shard().executor,
                   confirm_when_done(connection(), id(), outcome));
}

void C2dLink::on_detach() {
  const auto locks = unsettled_.take_all();
  if (!locks.empty()) messages_.release(session().key(), locks);
  DeviceLink::on_detach();
}

}  // namespace nave::front::amqp
