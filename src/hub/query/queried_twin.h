// A twin as a query sees it: the document that the service API answers (hub/twin/render.h), taken apart only where the
// query looks.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "hub/device/identity.h"
#include "hub/session/directory.h"
#include "hub/twin/twin.h"
#include "json/value.h"
#include "query/document.h"

namespace nave::hub {

// For one thread. All outlive the document.
class QueriedTwin final : public query::Document {
 public:
  QueriedTwin(const Identity& identity, const Presence& presence, const Twin& twin)
      : identity_(identity), presence_(presence), twin_(twin) {}

  [[nodiscard]] query::Value find(const query::Path& path) const override;
  bool write(const query::Path& path, std::string& out) const override;
  bool any_of(const query::Path& path, const std::function<bool(const query::Value&)>& visit) const override;

 private:
  using Tree = std::optional<json::Value>;
  [[nodiscard]] const json::Value* look_up(std::span<const query::Step> steps) const;
  [[nodiscard]] const json::Value* in_properties(std::span<const query::Step> steps) const;
  [[nodiscard]] const json::Value& fields() const;
  [[nodiscard]] const json::Value& properties() const;

  const Identity& identity_;
  const Presence& presence_;
  const Twin& twin_;
  mutable Tree fields_, tags_, properties_, configurations_;
  mutable std::array<Tree, 2> values_;  // of desired and reported, without what begins with '$'
};

}  // namespace nave::hub
