#include "wire/amqp/unsettled_map.h"

#include <algorithm>

namespace nave::wire::amqp {

void UnsettledMap::add(uint32_t id, Link& link, uint64_t number) {
  Node node{{&link, number}, std::nullopt, std::nullopt};
  if (link.unsettled_ > 0) {
    node.older = link.unsettled_head_;
    nodes_.at(link.unsettled_head_).newer = id;
  }
  nodes_.emplace(id, node);
  link.unsettled_head_ = id;
  ++link.unsettled_;
}

std::optional<UnsettledMap::Entry> UnsettledMap::find(uint32_t id) const {
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) return std::nullopt;
  return found->second.entry;
}

void UnsettledMap::remove(uint32_t id) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) return;
  const Node node = found->second;
  nodes_.erase(found);
  if (node.older) nodes_.at(*node.older).newer = node.newer;
  if (node.newer) nodes_.at(*node.newer).older = node.older;
  if (!node.newer && node.older) node.entry.link->unsettled_head_ = *node.older;
  --node.entry.link->unsettled_;
}

void UnsettledMap::drop(Link& link) {
  while (link.unsettled_ > 0) remove(link.unsettled_head_);
}

std::vector<uint32_t> UnsettledMap::ids(uint32_t first, uint32_t last) const {
  std::vector<uint32_t> out;
  const uint32_t span = last - first;
  if (span > UINT32_MAX / 2) return out;  // last comes before first
  if (span < nodes_.size()) {
    for (uint32_t i = 0; i <= span; ++i) {
      if (nodes_.contains(first + i)) out.push_back(first + i);
    }
    return out;
  }
  for (const auto& [id, node] : nodes_) {
    if (id - first <= span) out.push_back(id);
  }
  std::sort(out.begin(), out.end(), [&](uint32_t a, uint32_t b) { return a - first < b - first; });
  return out;
}

}  // namespace nave::wire::amqp
