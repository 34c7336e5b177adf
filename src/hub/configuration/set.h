// All configurations at one moment, ready to be held against twins. Immutable, so threads share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hub/configuration/configuration.h"
#include "hub/configuration/content.h"
#include "hub/configuration/target.h"
#include "hub/twin/twin.h"

namespace nave::hub {

struct CompiledConfiguration {
  Configuration stored;
  Content content;
  Target target;

  // Whether the condition holds. An Edge deployment is for Edge devices only.
  [[nodiscard]] bool targets(const Identity& identity, const Twin& twin) const;
};

[[nodiscard]] HubResult<std::shared_ptr<const CompiledConfiguration>> compile(Configuration configuration);

class ConfigurationSet {
 public:
  using Item = std::shared_ptr<const CompiledConfiguration>;
  ConfigurationSet() = default;
  explicit ConfigurationSet(std::vector<Item> items);

  // In the order of their ids.
  [[nodiscard]] const std::vector<Item>& all() const { return by_id_; }
  [[nodiscard]] Item find(std::string_view id) const;  // nullptr: there is none
  // Those of one kind; whose word counts more stands later: by priority, then by the time of creation.
  [[nodiscard]] const std::vector<Item>& of(ContentKind kind) const { return by_kind_[static_cast<size_t>(kind)]; }
  // The TwinAspect bits of a device (module) that can change what it is targeted by; 0: none.
  [[nodiscard]] uint8_t reads_of_devices() const { return device_reads_; }
  [[nodiscard]] uint8_t reads_of_modules() const { return module_reads_; }

  // Copies with one more or other, and one less.
  [[nodiscard]] ConfigurationSet with(Item item) const;
  [[nodiscard]] ConfigurationSet without(std::string_view id) const;

 private:
  std::vector<Item> by_id_;
  std::vector<Item> by_kind_[3];
  uint8_t device_reads_ = 0;
  uint8_t module_reads_ = 0;
};

}  // namespace nave::hub
