// Blocks that wait for the list that names them, and the blobs that are made of them.
#include <algorithm>

#include "hub/blob/storage.h"

namespace nave::hub {

BlobResult<void> BlobStorage::stage(const std::string& container, const std::string& name, const std::string& id,
                                    std::shared_ptr<BlobUpload> content) {
  if (!is_blob_name(name)) return fail(BlobError::kInvalidResourceName);
  const std::lock_guard lock(mutex_);
  const auto shelf = shelves_.find(container);
  if (shelf == shelves_.end()) return fail(BlobError::kContainerNotFound);
  const auto blob = shelf->second.blobs.find(name);
  if (blob != shelf->second.blobs.end() && blob->second.kind != BlobKind::kBlock) {
    return fail(BlobError::kInvalidBlobType);
  }
  Staging& staging = shelf->second.staging[name];
  if (!staging.contains(id)) {
    if (staging.size() >= kBlobBlocksMax || staged_ >= kBlobStagedBlocksMax) {
      if (staging.empty()) shelf->second.staging.erase(name);
      return fail(BlobError::kBlockCountExceedsLimit);
    }
    ++staged_;
  }
  Staged& entry = staging[id];
  entry.since_ms = clock_.steady_ms();
  std::swap(entry.content, content);  // the one before goes without the lock's help: `content` is the caller's copy
  return {};
}

struct BlobStorage::Source {
  std::shared_ptr<BlobUpload> upload;  // nullptr: of the blob as it is
  uint64_t offset = 0;
  BlobBlock block;
};

BlobResult<std::vector<BlobStorage::Source>> BlobStorage::sources_of(const Blob* before,
                                                                     const std::vector<BlobBlockChoice>& choices,
                                                                     const Staging& staged) const {
  std::map<std::string, Source> committed;
  uint64_t offset = 0;
  if (before != nullptr) {
    for (const BlobBlock& block : before->blocks) {
      committed[block.id] = {nullptr, offset, block};
      offset += block.size;
    }
  }
  using From = BlobBlockChoice::From;
  std::vector<Source> out;
  for (const BlobBlockChoice& choice : choices) {
    const auto fresh = staged.find(choice.id);
    const auto old = committed.find(choice.id);
    if (choice.from != From::kCommitted && fresh != staged.end()) {
      out.push_back({fresh->second.content, 0, {choice.id, fresh->second.content->size()}});
    } else if (choice.from != From::kUncommitted && old != committed.end()) {
      out.push_back(old->second);
    } else {
      return fail(BlobError::kInvalidBlockList);
    }
  }
  return out;
}

BlobResult<std::shared_ptr<BlobUpload>> BlobStorage::joined(const std::vector<Source>& sources, const Blob* before) {
  if (sources.size() == 1 && sources[0].upload) return sources[0].upload;
  constexpr size_t kCopyBytes = 1 << 20;
  const std::shared_ptr<BlobUpload> out = begin();
  std::shared_ptr<BlobFile> old;
  for (const Source& source : sources) {
    if (!source.upload && !old) {
      auto opened = open(*before);
      if (!opened) return fail(opened.error());
      old = *opened;
    }
    for (uint64_t done = 0; done < source.block.size;) {
      const size_t wanted = static_cast<size_t>(std::min<uint64_t>(kCopyBytes, source.block.size - done));
      std::string piece(wanted, '\0');
      if (source.upload) {
        const auto read = source.upload->read(done, wanted);
        if (!read) return fail(BlobError::kInternalError);
        piece = *read;
      } else if (old->read_at(source.offset + done, piece) != wanted) {
        return fail(BlobError::kInternalError);
      }
      if (piece.empty()) return fail(BlobError::kInternalError);
      if (auto ok = out->write(piece); !ok) return fail(ok.error());
      done += piece.size();
    }
  }
  if (auto ok = out->finish(); !ok) return fail(ok.error());
  return out;
}

BlobResult<Blob> BlobStorage::commit(BlobPut p, const std::vector<BlobBlockChoice>& choices) {
  if (choices.size() > kBlobBlocksMax) return fail(BlobError::kBlockCountExceedsLimit);
  Staging staged;
  std::optional<Blob> before;
  {
    const std::lock_guard lock(mutex_);
    const auto shelf = shelves_.find(p.container);
    if (shelf == shelves_.end()) return fail(BlobError::kContainerNotFound);
    if (const auto it = shelf->second.staging.find(p.name); it != shelf->second.staging.end()) staged = it->second;
    if (const auto it = shelf->second.blobs.find(p.name); it != shelf->second.blobs.end()) before = it->second;
  }
  if (before && before->kind != BlobKind::kBlock) return fail(BlobError::kInvalidBlobType);
  if (before && !(before = with_blocks(*std::move(before)))) return fail(BlobError::kConditionNotMet);
  const auto sources = sources_of(before ? &*before : nullptr, choices, staged);
  if (!sources) return fail(sources.error());
  const bool uses_old = std::ranges::any_of(*sources, [](const Source& s) { return s.upload == nullptr; });
  const auto content = joined(*sources, before ? &*before : nullptr);
  if (!content) return fail(content.error());
  auto out = publish(p.container, p.name, p.conditions, [&](const Blob* now) -> BlobResult<Blob> {
    if (now != nullptr && p.only_new) return fail(BlobError::kAuthorizationPermissionMismatch);
    if (uses_old && (now == nullptr || now->etag != before->etag)) return fail(BlobError::kConditionNotMet);
    Blob blob;
    blob.size = (*content)->size();
    blob.headers = std::move(p.headers);
    blob.metadata = std::move(p.metadata);
    for (const Source& source : *sources) blob.blocks.push_back(source.block);
    blob.data_file = new_data_name();
    if (!(*content)->keep_as(blob.data_file)) return fail(BlobError::kInternalError);
    return blob;
  });
  if (out) drop_staging(p.container, p.name);
  return out;
}

void BlobStorage::drop_staging(const std::string& container, const std::string& name) {
  Staging dropped;  // its files are removed without the lock
  const std::lock_guard lock(mutex_);
  const auto shelf = shelves_.find(container);
  if (shelf == shelves_.end()) return;
  const auto it = shelf->second.staging.find(name);
  if (it == shelf->second.staging.end()) return;
  staged_ -= it->second.size();
  dropped = std::move(it->second);
  shelf->second.staging.erase(it);
}

BlobResult<BlobStorage::Blocks> BlobStorage::blocks(const std::string& container, const std::string& name) const {
  Blocks out;
  std::optional<Blob> blob;
  {
    const std::lock_guard lock(mutex_);
    const auto shelf = shelves_.find(container);
    if (shelf == shelves_.end()) return fail(BlobError::kContainerNotFound);
    if (const auto it = shelf->second.blobs.find(name); it != shelf->second.blobs.end()) blob = it->second;
    const auto staging = shelf->second.staging.find(name);
    if (!blob && staging == shelf->second.staging.end()) return fail(BlobError::kBlobNotFound);
    if (staging != shelf->second.staging.end()) {
      for (const auto& [id, staged] : staging->second) out.uncommitted.push_back({id, staged.content->size()});
    }
  }
  if (blob) {
    blob = with_blocks(*std::move(blob));
    if (!blob) return fail(BlobError::kInternalError);
    out.committed = std::move(blob->blocks);
  }
  return out;
}

void BlobStorage::expire() {
  std::vector<Staging> dropped;
  const int64_t oldest = clock_.steady_ms() - kBlobStagedMsMax;
  const std::lock_guard lock(mutex_);
  for (auto& [container, shelf] : shelves_) {
    std::erase_if(shelf.staging, [&](auto& entry) {
      const bool old = std::ranges::all_of(entry.second, [&](const auto& s) { return s.second.since_ms < oldest; });
      if (!old) return false;
      staged_ -= entry.second.size();
      dropped.push_back(std::move(entry.second));
      return true;
    });
  }
}

}  // namespace nave::hub
