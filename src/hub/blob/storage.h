// Containers and their blobs. What they are is held in memory and, as one small file each, in storage; the contents are
// files. A blob is seen whole or not at all, also after a crash; every success is on stable storage.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "hub/blob/blob.h"
#include "hub/blob/files.h"
#include "hub/blob/limits.h"
#include "hub/blob/upload.h"

namespace nave::hub {

// One entry of a block list to be committed.
struct BlobBlockChoice {
  enum class From : uint8_t { kCommitted, kUncommitted, kLatest };
  std::string id;
  From from = From::kLatest;
};

struct BlobListItem {
  std::string name;
  std::optional<Blob> blob;  // nullopt: a prefix, up to the delimiter
};
struct BlobList {
  std::vector<BlobListItem> items;
  std::string next;  // empty: there are no more
};

// Everything that makes or changes a blob.
struct BlobPut {
  std::string container;
  std::string name;
  BlobHeaders headers;
  BlobMetadata metadata;
  BlobConditions conditions;
  bool only_new = false;  // whoever asks may create but not overwrite
};

struct BlobAppend {
  std::string container;
  std::string name;
  BlobConditions conditions;
  std::optional<uint64_t> position;  // must be the size before
  std::optional<uint64_t> size_max;  // must not be exceeded
};

// Thread-safe. Everything but find(), find_container() and begin() reads or writes files and is not for a shard.
class BlobStorage {
 public:
  // All outlive it, and every upload.
  BlobStorage(BlobFiles& files, const Clock& clock, Metrics& metrics, uint64_t bytes_max = kBlobBytesMaxDefault);

  // Before anything else. Finds what is there and removes what belongs to nothing: uploads and blocks that a crash
  // left. False: storage cannot be read.
  [[nodiscard]] bool load();

  [[nodiscard]] BlobResult<BlobContainer> find_container(const std::string& name) const;
  [[nodiscard]] BlobResult<BlobContainer> create_container(const std::string& name, BlobMetadata metadata);
  [[nodiscard]] BlobResult<BlobContainer> set_container_metadata(const std::string& name, BlobMetadata metadata);
  [[nodiscard]] BlobResult<void> remove_container(const std::string& name);
  // Names that begin with `prefix`, from `from` on.
  [[nodiscard]] std::pair<std::vector<std::pair<std::string, BlobContainer>>, std::string> list_containers(
      const std::string& prefix, const std::string& from, size_t top) const;

  // Without its blocks.
  [[nodiscard]] BlobResult<Blob> find(const std::string& container, const std::string& name) const;
  [[nodiscard]] BlobResult<BlobList> list(const std::string& container, const std::string& prefix,
                                          const std::string& delimiter, const std::string& from, size_t top) const;
  // The content; valid also when the blob is removed or written anew.
  [[nodiscard]] BlobResult<std::shared_ptr<BlobFile>> open(const Blob& blob) const;
  [[nodiscard]] BlobResult<void> remove(const std::string& container, const std::string& name,
                                        const BlobConditions& conditions);
  [[nodiscard]] BlobResult<Blob> set_metadata(BlobPut change);
  [[nodiscard]] BlobResult<Blob> set_headers(BlobPut change);

  // Does nothing to the disk yet.
  [[nodiscard]] std::shared_ptr<BlobUpload> begin();
  // `content` was finished. Replaces a blob of that name.
  [[nodiscard]] BlobResult<Blob> put(BlobPut put, const std::shared_ptr<BlobUpload>& content);
  [[nodiscard]] BlobResult<Blob> create_append(BlobPut put);
  [[nodiscard]] BlobResult<Blob> append(const BlobAppend& append, ByteView bytes);
  // Blocks are kept kBlobStagedMsMax, and not over a restart.
  [[nodiscard]] BlobResult<void> stage(const std::string& container, const std::string& name, const std::string& id,
                                       std::shared_ptr<BlobUpload> content);
  [[nodiscard]] BlobResult<Blob> commit(BlobPut put, const std::vector<BlobBlockChoice>& choices);
  struct Blocks {
    std::vector<BlobBlock> committed;
    std::vector<BlobBlock> uncommitted;
  };
  [[nodiscard]] BlobResult<Blocks> blocks(const std::string& container, const std::string& name) const;

  // Forgets old blocks.
  void expire();

 private:
  struct Staged {
    std::shared_ptr<BlobUpload> content;
    int64_t since_ms = 0;
  };
  using Staging = std::map<std::string, Staged>;  // by block id
  struct Shelf {
    BlobContainer container;
    std::map<std::string, Blob> blobs;
    std::map<std::string, Staging> staging;  // by blob name
  };
  struct Source;
  using Change = std::function<BlobResult<Blob>(const Blob* before)>;

  [[nodiscard]] bool load_containers(const std::vector<std::string>& names);
  [[nodiscard]] bool load_blobs(const std::vector<std::string>& names);
  [[nodiscard]] bool remove_strays(const std::vector<std::string>& names);

  // Makes the blob what `change` says, under writing_, and removes its former content. The result has its ETag and
  // times.
  [[nodiscard]] BlobResult<Blob> publish(const std::string& container, const std::string& name,
                                         const BlobConditions& conditions, const Change& change);
  [[nodiscard]] BlobResult<BlobContainer> publish_container(const std::string& name, BlobContainer container);
  [[nodiscard]] std::optional<Blob> with_blocks(Blob blob) const;
  [[nodiscard]] BlobResult<std::vector<Source>> sources_of(const Blob* before,
                                                           const std::vector<BlobBlockChoice>& choices,
                                                           const Staging& staged) const;
  [[nodiscard]] BlobResult<std::shared_ptr<BlobUpload>> joined(const std::vector<Source>& sources, const Blob* before);
  [[nodiscard]] static std::string new_data_name();
  void drop_data(const std::string& file, uint64_t size);
  void drop_staging(const std::string& container, const std::string& name);
  [[nodiscard]] uint64_t next_etag();

  BlobFiles& files_;
  const Clock& clock_;
  std::shared_ptr<BlobUsage> usage_;
  Gauge& blob_count_;

  std::mutex writing_;  // one change at a time; taken before mutex_, held while files are written
  uint64_t last_etag_ = 0;

  mutable std::mutex mutex_;
  std::map<std::string, Shelf> shelves_;  // by container
  size_t blobs_ = 0;
  size_t staged_ = 0;
};

}  // namespace nave::hub
