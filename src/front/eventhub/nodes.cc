#include "front/eventhub/nodes.h"

#include <utility>

#include "base/limits.h"
#include "front/amqp/errors.h"
#include "front/amqp/request_node.h"
#include "front/eventhub/management.h"
#include "front/eventhub/receiver_link.h"

namespace nave::front::eventhub {
namespace {

namespace condition = wire::amqp::condition;
using amqp::Connection;
using wire::amqp::Link;
using wire::amqp::Value;

class EventHubNode final : public amqp::RequestNode {
 public:
  explicit EventHubNode(EventHub& event_hub) : event_hub_(event_hub) {}

  bool attach(Connection& connection, Link& link, const amqp::Address& address) override {
    auto entity = entity_of(address, event_hub_.name());
    if (!entity) return false;
    if (entity->kind == EntityAddress::Kind::kSender) {
      refuse_sender(connection, link);
    } else if (entity->kind == EntityAddress::Kind::kManagement && !entity->redirect) {
      accept(connection, link);  // each request is authorised by itself: it may bring its own token
    } else if (!event_hub_.may_read(connection.grants(), *entity)) {
      refuse_unauthorized(connection, link, "Listen");
    } else if (entity->redirect) {
      redirect(link, *entity);
    } else if (link.role() != wire::amqp::Role::kSender) {
      link.refuse(
          amqp::make_error(condition::kNotAllowed, "Events can only be received from this address.", connection.utc()));
    } else {
      attach_receiver(connection, link, std::move(*entity));
    }
    return true;
  }

  amqp::NodeReply answer(Connection& connection, const wire::amqp::MessageView& request) override {
    const auto& properties = request.application_properties();
    const auto text = [&](std::string_view key) {
      return wire::amqp::find_entry(properties, key).as_text().value_or(std::string_view{});
    };
    const ManagementRequest read{text("operation"), text("type"), text("name"), text("partition"),
                                 text("security_token")};
    const bool authorized = event_hub_.may_read(connection.grants(), {EntityAddress::Kind::kManagement, false, {}, {}});
    return eventhub::answer(read, event_hub_, authorized, connection.utc());
  }

 private:
  void refuse_unauthorized(Connection& connection, Link& link, std::string_view claim) {
    const UtcTime now = connection.utc();
    link.refuse(amqp::make_error(condition::kUnauthorizedAccess,
                                 "Unauthorized access. '" + std::string(claim) +
                                     "' claim(s) are required to perform this operation. Resource: '" +
                                     amqp::printable(link.address()) + "'." + event_hub_.tracking_suffix("", now),
                                 now));
  }

  // Only devices write to the hub; the built-in endpoint's policies carry no Send claim.
  void refuse_sender(Connection& connection, Link& link) {
    if (link.role() == wire::amqp::Role::kReceiver) {
      refuse_unauthorized(connection, link, "Send");
    } else {
      link.refuse(amqp::entity_not_found(link.address(), connection.utc()));
    }
  }

  // §9.1: clients read host and entity out of `address` with patterns that need the port.
  void redirect(Link& link, const EntityAddress& entity) {
    const std::string& host = event_hub_.hub().host_name;
    std::string path = "/$management";
    if (entity.kind == EntityAddress::Kind::kReceiver)
      path = "/ConsumerGroups/" + entity.consumer_group + "/Partitions/" + entity.partition;
    const int port = event_hub_.hub().amqp_port;
    Value info = Value::map();
    info.add(Value::of_symbol("hostname"), Value::of_string(host));
    info.add(Value::of_symbol("network-host"), Value::of_string(host));
    info.add(Value::of_symbol("port"), Value::of_int(port));
    info.add(Value::of_symbol("address"),
             Value::of_string("amqps://" + host + ":" + std::to_string(port) + "/" + event_hub_.name() + path));
    link.refuse({std::string(condition::kLinkRedirect), std::nullopt, std::move(info)});
  }

  void attach_receiver(Connection& connection, Link& link, EntityAddress entity) {
    const UtcTime now = connection.utc();
    const auto group = event_hub_.consumer_group(entity.consumer_group);
    if (!group) {
      link.refuse(amqp::make_error(
          condition::kNotFound,
          event_hub_.not_found_text(event_hub_.name() + "~" + amqp::printable(entity.consumer_group), now), now));
      return;
    }
    const auto partition = event_hub_.partition(entity.partition);
    if (!partition) {
      link.refuse(argument_error("com.microsoft:argument-out-of-range",
                                 event_hub_.bad_partition_text(amqp::printable(entity.partition)), *group, now));
      return;
    }
    const auto request = read_attach(link.attach());
    if (!request) {
      link.refuse(argument_error("com.microsoft:argument-error", request.error(), *group, now));
      return;
    }
    if (const auto ok = check_position(request->position, event_hub_.log().info(*partition)); !ok) {
      link.refuse(argument_error("com.microsoft:argument-error", ok.error(), *group, now));
      return;
    }
    accept_receiver(connection, link, std::move(entity), SeatKey{*group, partition->value()}, *request);
  }

  void accept_receiver(Connection& connection, Link& link, EntityAddress entity, SeatKey key,
                       const AttachRequest& request) {
    const std::string group = key.consumer_group;
    auto receiver =
        std::make_unique<ReceiverLink>(event_hub_, connection, link, std::move(entity), std::move(key), request);
    if (const auto taken = receiver->take_seat(); !taken) {
      link.refuse(argument_error(taken.error().condition, taken.error().description, group, connection.utc()));
      return;
    }
    link.set_context(std::move(receiver));
    wire::amqp::AttachReply reply = link.make_reply();
    // As the real service answers even those who asked for unsettled: it streams settled, checkpoints do the rest.
    reply.snd_settle_mode = wire::amqp::SndSettleMode::kSettled;
    reply.rcv_settle_mode = std::nullopt;
    link.accept(std::move(reply));
  }

  [[nodiscard]] wire::amqp::Error argument_error(std::string_view what, const std::string& text,
                                                 const std::string& group, UtcTime now) const {
    return amqp::make_error(what, text + event_hub_.tracking_suffix(group, now), now);
  }

  EventHub& event_hub_;
};

}  // namespace

std::unique_ptr<amqp::LinkNode> make_event_hub_node(EventHub& event_hub) {
  return std::make_unique<EventHubNode>(event_hub);
}

}  // namespace nave::front::eventhub
