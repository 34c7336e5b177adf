// Deliveries that we sent and the peer has not settled, by delivery-id, for one session. Dispositions name ranges of
// ids that may be far wider than what is there, and a link that goes takes its deliveries along; both cost no more than
// the entries concerned.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "wire/amqp/link.h"

namespace nave::wire::amqp {

class UnsettledMap {
 public:
  struct Entry {
    Link* link = nullptr;
    uint64_t number = 0;  // what Link::send() returned
  };

  // The id is not in the map.
  void add(uint32_t id, Link& link, uint64_t number);
  [[nodiscard]] std::optional<Entry> find(uint32_t id) const;
  void remove(uint32_t id);
  // Everything that belongs to the link.
  void drop(Link& link);
  // The ids in the map from `first` up to and including `last`, in that order, in serial number arithmetic.
  [[nodiscard]] std::vector<uint32_t> ids(uint32_t first, uint32_t last) const;
  [[nodiscard]] size_t size() const { return nodes_.size(); }

 private:
  // A link's entries form a list through `newer` and `older`; Link::unsettled_head_ is the newest.
  struct Node {
    Entry entry;
    std::optional<uint32_t> older;
    std::optional<uint32_t> newer;
  };
  std::unordered_map<uint32_t, Node> nodes_;
};

}  // namespace nave::wire::amqp
