#include "hub/blob/storage.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/random.h"
#include "hub/blob/head.h"

namespace nave::hub {
namespace {

constexpr std::string_view kContainerEnd = ".container";
constexpr std::string_view kBlobEnd = ".blob";
constexpr std::string_view kDataEnd = ".data";
constexpr std::string_view kPartEnd = ".part";

std::string new_name(std::string_view end) {
  return random_hex(24) + std::string(end);
}

void report_damaged(const std::string& file) {
  log::write(log::Level::kError, log::Category::kStorage, "a file that describes blobs is damaged and left alone",
             {{"file", file}});
}

}  // namespace

BlobStorage::BlobStorage(BlobFiles& files, const Clock& clock, Metrics& metrics, uint64_t bytes_max)
    : files_(files),
      clock_(clock),
      usage_(std::make_shared<BlobUsage>(bytes_max)),
      blob_count_(metrics.gauge("nave_blobs", "Blobs in all containers")) {
  metrics.gauge_function("nave_blob_bytes", "Bytes of all blobs and of uploads that are not committed",
                         [usage = usage_] { return static_cast<int64_t>(usage->bytes.load()); });
}

uint64_t BlobStorage::next_etag() {
  last_etag_ = std::max(last_etag_ + 1, static_cast<uint64_t>(dotnet_ticks(clock_.utc())));
  return last_etag_;
}

// ---------------------------------------------------------------------------------------------------------------------
// The start.

bool BlobStorage::load() {
  const auto names = files_.list();
  return names && load_containers(*names) && load_blobs(*names) && remove_strays(*names);
}

bool BlobStorage::load_containers(const std::vector<std::string>& names) {
  for (const std::string& file : names) {
    if (!file.ends_with(kContainerEnd)) continue;
    const auto text = files_.load(file);
    if (!text) return false;
    auto head = read_container_head(*text);
    if (!head) {
      report_damaged(file);
      continue;
    }
    head->container.file = file;
    last_etag_ = std::max(last_etag_, head->container.etag);
    shelves_[head->name].container = std::move(head->container);
  }
  return true;
}

bool BlobStorage::load_blobs(const std::vector<std::string>& names) {
  for (const std::string& file : names) {
    if (!file.ends_with(kBlobEnd)) continue;
    const auto text = files_.load(file);
    if (!text) return false;
    auto head = read_blob_head(*text);
    if (!head) {
      report_damaged(file);
      continue;
    }
    const auto shelf = shelves_.find(head->container);
    if (shelf == shelves_.end()) {  // a crash while its container was removed
      if (!files_.remove(file, false)) return false;
      continue;
    }
    Blob& blob = head->blob;
    blob.head_file = file;
    blob.blocks = {};
    last_etag_ = std::max(last_etag_, blob.etag);
    usage_->bytes += blob.size;
    ++blobs_;
    shelf->second.blobs[head->name] = std::move(blob);
  }
  blob_count_.set(static_cast<int64_t>(blobs_));
  return true;
}

bool BlobStorage::remove_strays(const std::vector<std::string>& names) {
  std::set<std::string> used;
  for (const auto& [name, shelf] : shelves_) {
    for (const auto& [blob_name, blob] : shelf.blobs) used.insert(blob.data_file);
  }
  return std::ranges::all_of(names, [&](const std::string& file) {
    const bool stray = file.ends_with(kPartEnd) || (file.ends_with(kDataEnd) && !used.contains(file));
    return !stray || files_.remove(file, false);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Containers.

BlobResult<BlobContainer> BlobStorage::find_container(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = shelves_.find(name);
  if (it == shelves_.end()) return fail(BlobError::kContainerNotFound);
  return it->second.container;
}

BlobResult<BlobContainer> BlobStorage::create_container(const std::string& name, BlobMetadata metadata) {
  if (!is_container_name(name)) return fail(BlobError::kInvalidResourceName);
  const std::lock_guard writing(writing_);
  {
    const std::lock_guard lock(mutex_);
    if (shelves_.contains(name)) return fail(BlobError::kContainerAlreadyExists);
    if (shelves_.size() >= kBlobContainersMax) return fail(BlobError::kInsufficientStorage);
  }
  return publish_container(name, {0, kNever, std::move(metadata), new_name(kContainerEnd)});
}

BlobResult<BlobContainer> BlobStorage::set_container_metadata(const std::string& name, BlobMetadata metadata) {
  const std::lock_guard writing(writing_);
  auto container = find_container(name);
  if (!container) return container;
  container->metadata = std::move(metadata);
  return publish_container(name, *std::move(container));
}

BlobResult<BlobContainer> BlobStorage::publish_container(const std::string& name, BlobContainer container) {
  container.etag = next_etag();
  container.modified = clock_.utc();
  if (!files_.replace(container.file, write_head(ContainerHead{name, container}))) {
    return fail(BlobError::kInternalError);
  }
  const std::lock_guard lock(mutex_);
  shelves_[name].container = container;
  return container;
}

// The container goes first and durably: blobs without one go with the next start at the latest.
BlobResult<void> BlobStorage::remove_container(const std::string& name) {
  const std::lock_guard writing(writing_);
  const auto container = find_container(name);
  if (!container) return fail(container.error());
  if (!files_.remove(container->file, true)) return fail(BlobError::kInternalError);
  Shelf shelf;
  {
    const std::lock_guard lock(mutex_);
    shelf = std::move(shelves_[name]);
    shelves_.erase(name);
    blobs_ -= shelf.blobs.size();
    for (const auto& [blob, staging] : shelf.staging) staged_ -= staging.size();
    blob_count_.set(static_cast<int64_t>(blobs_));
  }
  for (const auto& [blob_name, blob] : shelf.blobs) {
    (void)files_.remove(blob.head_file, false);
    drop_data(blob.data_file, blob.size);
  }
  return {};
}

std::pair<std::vector<std::pair<std::string, BlobContainer>>, std::string> BlobStorage::list_containers(
    const std::string& prefix, const std::string& from, size_t top) const {
  std::vector<std::pair<std::string, BlobContainer>> out;
  const std::lock_guard lock(mutex_);
  for (auto it = shelves_.lower_bound(std::max(prefix, from)); it != shelves_.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    if (out.size() == top) return {std::move(out), it->first};
    out.emplace_back(it->first, it->second.container);
  }
  return {std::move(out), ""};
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading blobs.

BlobResult<Blob> BlobStorage::find(const std::string& container, const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto shelf = shelves_.find(container);
  if (shelf == shelves_.end()) return fail(BlobError::kContainerNotFound);
  const auto it = shelf->second.blobs.find(name);
  if (it == shelf->second.blobs.end()) return fail(BlobError::kBlobNotFound);
  return it->second;
}

BlobResult<BlobList> BlobStorage::list(const std::string& container, const std::string& prefix,
                                       const std::string& delimiter, const std::string& from, size_t top) const {
  const std::lock_guard lock(mutex_);
  const auto shelf = shelves_.find(container);
  if (shelf == shelves_.end()) return fail(BlobError::kContainerNotFound);
  const auto& blobs = shelf->second.blobs;
  BlobList out;
  for (auto it = blobs.lower_bound(std::max(prefix, from)); it != blobs.end() && it->first.starts_with(prefix);) {
    if (out.items.size() == top) {
      out.next = it->first;
      break;
    }
    const size_t end = delimiter.empty() ? std::string::npos : it->first.find(delimiter, prefix.size());
    if (end == std::string::npos) {
      out.items.push_back({it->first, it->second});
      ++it;
    } else {
      const std::string group = it->first.substr(0, end + delimiter.size());
      out.items.push_back({group, {}});
      it = blobs.lower_bound(group + '\xff');  // no UTF-8 text has this byte
    }
  }
  return out;
}

BlobResult<std::shared_ptr<BlobFile>> BlobStorage::open(const Blob& blob) const {
  std::shared_ptr<BlobFile> file = files_.open(blob.data_file);
  // Removed or written anew since it was found.
  if (!file) return fail(BlobError::kBlobNotFound);
  return file;
}

// The index leaves block lists out: there may be very many long ones.
std::optional<Blob> BlobStorage::with_blocks(Blob blob) const {
  const auto text = files_.load(blob.head_file);
  auto head = text ? read_blob_head(*text) : std::nullopt;
  if (!head || head->blob.etag != blob.etag) return {};
  blob.blocks = std::move(head->blob.blocks);
  return blob;
}

// ---------------------------------------------------------------------------------------------------------------------
// Changing blobs.

BlobResult<Blob> BlobStorage::publish(const std::string& container, const std::string& name,
                                      const BlobConditions& conditions, const Change& change) {
  if (!is_blob_name(name)) return fail(BlobError::kInvalidResourceName);
  const std::lock_guard writing(writing_);
  auto before = find(container, name);
  if (!before && before.error() != BlobError::kBlobNotFound) return fail(before.error());
  const Blob* const present = before ? &*before : nullptr;
  if (auto ok = conditions.check_write(present); !ok) return fail(ok.error());
  if (present == nullptr) {
    const std::lock_guard lock(mutex_);
    if (blobs_ >= kBlobsMax) return fail(BlobError::kInsufficientStorage);
  }
  BlobResult<Blob> after = change(present);
  if (!after) return after;
  after->head_file = present != nullptr ? present->head_file : new_name(kBlobEnd);
  after->etag = next_etag();
  after->modified = clock_.utc();
  after->created = present != nullptr ? present->created : after->modified;
  if (!files_.replace(after->head_file, write_head(BlobHead{container, name, *after}))) {
    return fail(BlobError::kInternalError);
  }
  {
    const std::lock_guard lock(mutex_);
    Blob& entry = shelves_[container].blobs[name];
    entry = *after;
    entry.blocks = {};
    if (present == nullptr) blob_count_.set(static_cast<int64_t>(++blobs_));
  }
  if (present != nullptr && present->data_file != after->data_file) drop_data(present->data_file, present->size);
  return after;
}

std::string BlobStorage::new_data_name() {
  return new_name(kDataEnd);
}

void BlobStorage::drop_data(const std::string& file, uint64_t size) {
  (void)files_.remove(file, false);  // what stays is removed at the next start
  usage_->bytes -= size;
}

BlobResult<void> BlobStorage::remove(const std::string& container, const std::string& name,
                                     const BlobConditions& conditions) {
  const std::lock_guard writing(writing_);
  const auto blob = find(container, name);
  if (!blob) return fail(blob.error());
  if (auto ok = conditions.check_write(&*blob); !ok) return ok;
  if (!files_.remove(blob->head_file, true)) return fail(BlobError::kInternalError);
  {
    const std::lock_guard lock(mutex_);
    shelves_[container].blobs.erase(name);
    blob_count_.set(static_cast<int64_t>(--blobs_));
  }
  drop_data(blob->data_file, blob->size);
  return {};
}

BlobResult<Blob> BlobStorage::set_metadata(BlobPut c) {
  return publish(c.container, c.name, c.conditions, [&](const Blob* before) -> BlobResult<Blob> {
    if (before == nullptr) return fail(BlobError::kBlobNotFound);
    auto after = with_blocks(*before);
    if (!after) return fail(BlobError::kInternalError);
    after->metadata = std::move(c.metadata);
    return *std::move(after);
  });
}

BlobResult<Blob> BlobStorage::set_headers(BlobPut c) {
  return publish(c.container, c.name, c.conditions, [&](const Blob* before) -> BlobResult<Blob> {
    if (before == nullptr) return fail(BlobError::kBlobNotFound);
    auto after = with_blocks(*before);
    if (!after) return fail(BlobError::kInternalError);
    after->headers = std::move(c.headers);
    return *std::move(after);
  });
}

std::shared_ptr<BlobUpload> BlobStorage::begin() {
  return std::make_shared<BlobUpload>(files_, usage_, new_name(kPartEnd));
}

BlobResult<Blob> BlobStorage::put(BlobPut p, const std::shared_ptr<BlobUpload>& content) {
  auto out = publish(p.container, p.name, p.conditions, [&](const Blob* before) -> BlobResult<Blob> {
    if (before != nullptr && p.only_new) return fail(BlobError::kAuthorizationPermissionMismatch);
    Blob blob;
    blob.size = content->size();
    blob.headers = std::move(p.headers);
    blob.metadata = std::move(p.metadata);
    blob.data_file = new_data_name();
    if (!content->keep_as(blob.data_file)) return fail(BlobError::kInternalError);
    return blob;
  });
  if (out) drop_staging(p.container, p.name);
  return out;
}

BlobResult<Blob> BlobStorage::create_append(BlobPut p) {
  return publish(p.container, p.name, p.conditions, [&](const Blob* before) -> BlobResult<Blob> {
    if (before != nullptr && p.only_new) return fail(BlobError::kAuthorizationPermissionMismatch);
    Blob blob;
    blob.kind = BlobKind::kAppend;
    blob.headers = std::move(p.headers);
    blob.metadata = std::move(p.metadata);
    blob.data_file = new_data_name();
    const auto file = files_.create(blob.data_file);
    if (!file || !file->sync()) return fail(BlobError::kInternalError);
    return blob;
  });
}

// The bytes lie behind the end until the head says otherwise; after a crash in between the next append writes over
// them.
BlobResult<Blob> BlobStorage::append(const BlobAppend& a, ByteView bytes) {
  return publish(a.container, a.name, a.conditions, [&](const Blob* before) -> BlobResult<Blob> {
    if (before == nullptr) return fail(BlobError::kBlobNotFound);
    if (before->kind != BlobKind::kAppend) return fail(BlobError::kInvalidBlobType);
    if ((a.position && *a.position != before->size) || (a.size_max && before->size + bytes.size() > *a.size_max)) {
      return fail(BlobError::kAppendPositionConditionNotMet);
    }
    if (before->appends >= kBlobBlocksMax) return fail(BlobError::kBlockCountExceedsLimit);
    if (usage_->bytes.load() + bytes.size() > usage_->bytes_max) return fail(BlobError::kInsufficientStorage);
    const auto file = files_.open(before->data_file);
    if (!file || !file->write_at(before->size, bytes) || !file->sync()) return fail(BlobError::kInternalError);
    usage_->bytes += bytes.size();
    Blob after = *before;
    after.size += bytes.size();
    ++after.appends;
    after.headers.content_md5.clear();
    return after;
  });
}

}  // namespace nave::hub
