#include "hub/query/scan.h"

#include <algorithm>

#include "query/parser.h"

namespace nave::hub {
namespace {

size_t bytes_of(const TwinText& twin) {
  return twin.tags.size() + twin.desired.values.size() + twin.desired.metadata.size() + twin.reported.values.size() +
         twin.reported.metadata.size();
}

}  // namespace

std::string text_of(const IndexedPath& path) {
  std::string out;
  for (const std::string& name : path) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    });
    if (!out.empty()) out += '.';
    out += plain ? name : "[[" + name + "]]";
  }
  return out;
}

std::optional<IndexedPath> parse_indexed_path(std::string_view text) {
  const auto statement = query::parse("SELECT " + std::string(text) + " FROM devices");
  if (!statement || statement->items.size() != 1 || statement->items[0].is_aggregate()) return {};
  const query::Path& path = statement->items[0].path;
  if (!path.known) return {};
  IndexedPath out;
  for (const query::Step& step : path.steps) {
    if (step.index || step.name.starts_with('$')) return {};
    out.push_back(step.name);
  }
  const bool tags = out.size() > 1 && out[0] == "tags";
  const bool property = out.size() > 2 && out[0] == "properties" && (out[1] == "desired" || out[1] == "reported");
  return tags || property ? std::optional(std::move(out)) : std::nullopt;
}

TwinText TwinText::of(const Twin& twin) {
  return {twin.revision,
          twin.changes,
          twin.model_id,
          twin.tags,
          {twin.desired.values, twin.desired.metadata, twin.desired.version},
          {twin.reported.values, twin.reported.metadata, twin.reported.version},
          twin.configurations};
}

Twin TwinText::to_twin() const {
  const auto section = [](const Section& s) {
    return TwinSection{std::string(s.values), std::string(s.metadata), s.version};
  };
  return {revision,         changes,           std::string(model_id),      std::string(tags),
          section(desired), section(reported), std::string(configurations)};
}

Result<std::vector<ScannedTwin>, StoreError> TwinScan::scan_twins(Kind kind, const IdentityKey& after, size_t rows_max,
                                                                  size_t bytes_max) const {
  std::vector<ScannedTwin> out;
  size_t bytes = 0;
  const auto take = [&](ScannedRow& row) {
    const Identity* identity = row.identity();
    const TwinText* twin = row.twin();
    if (!row.broken()) {
      out.push_back({*identity, twin == nullptr ? std::nullopt : std::optional(twin->to_twin())});
      if (twin != nullptr) bytes += bytes_of(*twin);
    }
    return out.size() < rows_max && bytes < bytes_max;
  };
  if (rows_max == 0 || bytes_max == 0) return out;
  if (auto done = scan({kind, after}, take); !done) return fail(done.error());
  return out;
}

}  // namespace nave::hub
