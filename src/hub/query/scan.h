// The port that queries read through: all identities with their twins, in one order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "hub/device/identity.h"
#include "hub/ports.h"
#include "hub/twin/twin.h"

namespace nave::hub {

// Names of members, from the document down: {"tags", "location", "building"} or {"properties", "reported", …}.
using IndexedPath = std::vector<std::string>;
// "tags.location.building", with [[ ]] around names that queries need it for.
[[nodiscard]] std::string text_of(const IndexedPath& path);
// Of a path as a query spells it: a value inside tags or of desired or reported properties, without elements of arrays.
// nullopt: it is none.
[[nodiscard]] std::optional<IndexedPath> parse_indexed_path(std::string_view text);

// A stored twin where it lies: the texts belong to whoever handed it out. Twin says what they are.
struct TwinText {
  struct Section {
    std::string_view values, metadata;
    uint64_t version = 1;
  };
  uint64_t revision = 0;
  uint64_t changes = 1;
  std::string_view model_id, tags;
  Section desired, reported;
  std::string_view configurations;

  [[nodiscard]] static TwinText of(const Twin& twin);
  [[nodiscard]] Twin to_twin() const;
};

// One identity and its twin during a scan; both are read only when somebody asks. What is handed out lives until the
// scan goes on.
class ScannedRow {
 public:
  virtual ~ScannedRow() = default;
  [[nodiscard]] virtual std::string_view device() const = 0;
  [[nodiscard]] virtual std::string_view module() const = 0;  // empty for a device
  // nullptr: the row is broken.
  [[nodiscard]] virtual const Identity* identity() = 0;
  // nullptr: nothing has been written since the identity was created; or the row is broken.
  [[nodiscard]] virtual const TwinText* twin() = 0;
  // Something that was asked for is damaged or could not be read: the row is to be left out.
  [[nodiscard]] virtual bool broken() const = 0;

  [[nodiscard]] IdentityKey key() const { return {std::string(device()), std::string(module())}; }
};

// An identity and a twin that are at hand.
class KnownRow final : public ScannedRow {
 public:
  // Both outlive the row. nullptr: nothing has been written.
  KnownRow(const Identity& identity, const Twin* twin) : identity_(identity) {
    if (twin != nullptr) twin_ = TwinText::of(*twin);
  }
  [[nodiscard]] std::string_view device() const override { return identity_.key.device; }
  [[nodiscard]] std::string_view module() const override { return identity_.key.module; }
  [[nodiscard]] const Identity* identity() override { return &identity_; }
  [[nodiscard]] const TwinText* twin() override { return twin_ ? &*twin_ : nullptr; }
  [[nodiscard]] bool broken() const override { return false; }

 private:
  const Identity& identity_;
  std::optional<TwinText> twin_;
};

struct ScannedTwin {
  Identity identity;
  std::optional<Twin> twin;  // nullopt: nothing has been written since the identity was created
};

// Thread-safe, with the promises of DeviceStore and TwinStore, which the same object is: a scan shows every write whose
// reply was given before the call; identity and twin of a row are of one moment. Not for a shard: it takes its time.
class TwinScan {
 public:
  virtual ~TwinScan() = default;

  enum class Kind : uint8_t { kDevices, kModules };
  struct Range {
    Kind kind = Kind::kDevices;
    IdentityKey after;  // those behind it; empty: from the first
    // Only identities whose twin was written: much faster where the others cannot matter.
    bool written_only = false;
    // Only those of which the value at one of indexes() is this.
    struct Match {
      size_t index;
      std::variant<double, std::string> value;
    };
    std::optional<Match> match = {};
  };
  // Those that `Range::match` may name.
  [[nodiscard]] virtual const std::vector<IndexedPath>& indexes() const = 0;
  // Ordered by the bytes of device id and module id, until `visit` returns false, which makes the answer false. A row
  // that turned out broken was reported to the log. `visit` does not call the store.
  [[nodiscard]] virtual Result<bool, StoreError> scan(const Range& range,
                                                      const std::function<bool(ScannedRow&)>& visit) const = 0;

  // A batch behind `after`: at most `rows_max`, and none further once their twins have `bytes_max` bytes. Empty: there
  // are no more.
  [[nodiscard]] Result<std::vector<ScannedTwin>, StoreError> scan_twins(Kind kind, const IdentityKey& after,
                                                                        size_t rows_max, size_t bytes_max) const;
};

}  // namespace nave::hub
