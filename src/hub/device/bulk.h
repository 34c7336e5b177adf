// Many registry writes at once, each on its own (reference/service-rest.md §8): what POST /devices and import jobs do.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/device/registry.h"
#include "hub/twin/service.h"

namespace nave::hub {

enum class ImportMode : uint8_t {
  kCreateOrUpdate,
  kCreate,
  kUpdate,
  kUpdateIfMatchEtag,
  kCreateOrUpdateIfMatchEtag,
  kDelete,
  kDeleteIfMatchEtag,
  kUpdateTwin,
  kUpdateTwinIfMatchEtag,
};

struct BulkItem {
  IdentityKey key;
  ImportMode mode = ImportMode::kCreateOrUpdate;
  IdentityInput input;              // of the device or the module; counts where the mode writes an identity
  std::optional<std::string> etag;  // of the identity, for …IfMatchEtag, as given: * and quotes included
  std::optional<std::string> twin_etag;
  // Tags and desired properties, if the item has any. With create… what the twin is to hold: a new identity begins with
  // them, in one step with itself; of one that is there the sections given are replaced. With updateTwin… a patch. The
  // other modes do not look at it.
  std::optional<TwinInput> twin;
};

struct BulkWarning {
  std::string_view code;
  std::string text;
};

struct BulkOutcome {
  IdentityKey key;
  std::optional<Error> error;  // then nothing of the item took place, but for the identity of a create… whose twin was
                               // there already and would not be changed
  std::optional<BulkWarning> warning;
};

// Thread-safe.
class BulkRegistry {
 public:
  // Both outlive it, and the replies on their way.
  BulkRegistry(Registry& registry, TwinService& twins) : registry_(registry), twins_(twins) {}

  using Reply = UniqueFunction<void(std::vector<BulkOutcome>)>;

  // Every item succeeds or fails by itself; items of one device take place one after the other in their order, those of
  // different devices together, so that they share commits. To be called on `reply_on`'s own thread, where `reply` runs
  // later, never inside the call, with an outcome for each item in the order of the items, all of them durable. At
  // most limits::kBulkItemsMax items (the callers' business).
  void run(std::vector<BulkItem> items, Executor& reply_on, Reply reply);

 private:
  struct Batch;
  struct Chain;
  void step(const std::shared_ptr<Batch>& batch, Chain chain);
  void write(const std::shared_ptr<Batch>& batch, Chain chain);
  void remove(const std::shared_ptr<Batch>& batch, Chain chain);
  void patch_twin(const std::shared_ptr<Batch>& batch, Chain chain);
  void replace_sections(const std::shared_ptr<Batch>& batch, Chain chain, const Identity& identity);
  void done(const std::shared_ptr<Batch>& batch, Chain chain, std::optional<Error> error);

  Registry& registry_;
  TwinService& twins_;
};

// The name of an error in a bulk result: C# throws on names that its enumeration lacks, so some stand for others.
[[nodiscard]] ErrorCode bulk_error_code(ErrorCode code);

}  // namespace nave::hub
