// Shared access policies and the rights they carry (reference/service-rest.md §3.1).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nave::auth {

enum class Right : uint8_t {
  kRegistryRead = 1,
  kRegistryWrite = 2,  // implies kRegistryRead
  kServiceConnect = 4,
  kDeviceConnect = 8,
};

class Rights {
 public:
  constexpr Rights() = default;
  constexpr explicit Rights(uint8_t bits) : bits_(bits) {}
  constexpr Rights(std::initializer_list<Right> rights) {
    for (const Right r : rights) bits_ = static_cast<uint8_t>(bits_ | static_cast<uint8_t>(r));
  }
  [[nodiscard]] constexpr bool has(Right r) const {
    const auto bit = static_cast<uint8_t>(r);
    if ((bits_ & bit) != 0) return true;
    return r == Right::kRegistryRead && (bits_ & static_cast<uint8_t>(Right::kRegistryWrite)) != 0;
  }
  [[nodiscard]] constexpr uint8_t bits() const { return bits_; }
  bool operator==(const Rights&) const = default;

 private:
  uint8_t bits_ = 0;
};

struct Policy {
  std::string name;
  Rights rights;
  std::string primary_key;    // base64 text
  std::string secondary_key;  // base64 text
  bool operator==(const Policy&) const = default;
};

// An immutable set; a change makes a new one.
class PolicySet {
 public:
  PolicySet() = default;
  explicit PolicySet(std::vector<Policy> policies) : policies_(std::move(policies)) {}
  [[nodiscard]] const Policy* find(std::string_view name) const;  // names compare exactly
  [[nodiscard]] const std::vector<Policy>& all() const { return policies_; }

 private:
  std::vector<Policy> policies_;
};

// iothubowner, service, device, registryRead, registryReadWrite, with fresh random 32-byte keys.
[[nodiscard]] std::vector<Policy> make_default_policies();

// The current set, shared by all shards. Thread-safe.
class Policies {
 public:
  explicit Policies(std::vector<Policy> policies) : current_(std::make_shared<const PolicySet>(std::move(policies))) {}
  [[nodiscard]] std::shared_ptr<const PolicySet> current() const { return std::atomic_load(&current_); }
  void replace(std::vector<Policy> policies) {
    std::atomic_store(&current_, std::make_shared<const PolicySet>(std::move(policies)));
  }

 private:
  std::shared_ptr<const PolicySet> current_;
};

}  // namespace nave::auth
