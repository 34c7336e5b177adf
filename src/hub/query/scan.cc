#include "hub/query/scan.h"

namespace nave::hub {
namespace {

size_t bytes_of(const TwinText& twin) {
  return twin.tags.size() + twin.desired.values.size() + twin.desired.metadata.size() + twin.reported.values.size() +
         twin.reported.metadata.size();
}

}  // namespace

TwinText TwinText::of(const Twin& twin) {
  return {twin.revision,
          twin.changes,
          twin.model_id,
          twin.tags,
          {twin.desired.values, twin.desired.metadata, twin.desired.version},
          {twin.reported.values, twin.reported.metadata, twin.reported.version}};
}

Twin TwinText::to_twin() const {
  const auto section = [](const Section& s) {
    return TwinSection{std::string(s.values), std::string(s.metadata), s.version};
  };
  return {revision, changes, std::string(model_id), std::string(tags), section(desired), section(reported)};
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
  if (auto done = scan({kind, after, false}, take); !done) return fail(done.error());
  return out;
}

}  // namespace nave::hub
