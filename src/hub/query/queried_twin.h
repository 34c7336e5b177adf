// A twin as a query sees it: the document that the service API answers (hub/twin/render.h), looked into only where the
// query looks.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "hub/device/registry.h"
#include "hub/query/scan.h"
#include "hub/session/directory.h"
#include "json/value.h"
#include "query/document.h"
#include "query/text_value.h"

namespace nave::hub {

// For one thread.
class QueriedTwin final : public query::Document {
 public:
  // `row` and `registry` outlive the document. Once row.broken() nothing that it says counts.
  QueriedTwin(ScannedRow& row, const Registry& registry) : row_(row), registry_(&registry) {}
  // All outlive the document.
  QueriedTwin(const Identity& identity, const Presence& presence, const Twin& twin)
      : known_(std::in_place, identity, &twin), row_(*known_), presence_(presence) {}
  QueriedTwin(const QueriedTwin&) = delete;
  QueriedTwin& operator=(const QueriedTwin&) = delete;

  [[nodiscard]] query::Value find(const query::Path& path) const override;
  bool write(const query::Path& path, std::string& out) const override;
  bool any_of(const query::Path& path, const std::function<bool(const query::Value&)>& visit) const override;

 private:
  using Steps = std::span<const query::Step>;
  // The JSON text that stands there. nullopt: nothing does.
  [[nodiscard]] std::optional<std::string_view> look_up(Steps steps) const;
  [[nodiscard]] std::optional<std::string_view> in_tags(Steps steps) const;
  [[nodiscard]] std::optional<std::string_view> in_properties(Steps steps) const;
  [[nodiscard]] std::optional<std::string_view> in_fields(Steps steps) const;
  [[nodiscard]] std::optional<std::string_view> quick_field(const query::Step& step) const;
  [[nodiscard]] const Presence& presence(const Identity& identity) const;
  // What is made for the answer and lives as long as the document.
  [[nodiscard]] std::string_view keep(std::string text) const;

  std::optional<KnownRow> known_;
  ScannedRow& row_;
  const Registry* registry_ = nullptr;
  mutable std::optional<Presence> presence_;
  mutable query::Texts texts_;
  mutable std::optional<std::string_view> fields_, properties_;
};

}  // namespace nave::hub
