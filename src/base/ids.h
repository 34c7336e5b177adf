// Names that the compiler keeps apart: a device id cannot be passed where a module id is meant, nor a partition where a
// sequence number is. Strong<Tag, T> costs nothing over T.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace nave {

template <class Tag, class T>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}
  [[nodiscard]] const T& value() const { return value_; }
  auto operator<=>(const Strong&) const = default;

 private:
  T value_{};
};

// A log partition of the event stream, 0 … partition count − 1.
using PartitionId = Strong<struct PartitionTag, uint16_t>;
// Position of an event in its partition: 0 for the first ever written, no gaps, never reused.
using SequenceNumber = Strong<struct SequenceTag, int64_t>;
// One event loop thread, 0 … shard count − 1.
using ShardId = Strong<struct ShardTag, uint16_t>;

// A device (module empty) or a module of a device. Ids are case-sensitive (reference: identity rules in docs/protocol).
struct IdentityKey {
  std::string device;
  std::string module;

  [[nodiscard]] bool is_module() const { return !module.empty(); }
  // "{device}" or "{device}/{module}"; '/' cannot occur in an id.
  [[nodiscard]] std::string text() const { return module.empty() ? device : device + "/" + module; }
  auto operator<=>(const IdentityKey&) const = default;
};

}  // namespace nave

template <class Tag, class T>
struct std::hash<nave::Strong<Tag, T>> {
  size_t operator()(const nave::Strong<Tag, T>& s) const noexcept { return std::hash<T>{}(s.value()); }
};

template <>
struct std::hash<nave::IdentityKey> {
  size_t operator()(const nave::IdentityKey& k) const noexcept {
    return std::hash<std::string>{}(k.device) * 31 + std::hash<std::string>{}(k.module);
  }
};
