#include "hub/blob/head.h"

#include <charconv>

#include "base/crc32c.h"
#include "hub/blob/limits.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

constexpr size_t kHeadBytesMax = 64 << 20;  // a list of kBlobBlocksMax blocks fits

std::string sealed(json::Object body) {
  const std::string text = json::to_text(std::move(body));
  return std::to_string(crc32c(text)) + "\n" + text;
}

std::optional<json::Value> opened(std::string_view text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  const std::string_view body = text.substr(end + 1);
  if (std::to_string(crc32c(body)) != text.substr(0, end)) return {};
  auto value = json::parse(body, {.bytes_max = kHeadBytesMax});
  if (!value || value->if_object() == nullptr) return {};
  return *std::move(value);
}

json::Object to_json(const BlobMetadata& metadata) {
  json::Object out;
  for (const auto& [name, value] : metadata) out.append(name, value);
  return out;
}

// A member that must be there; what is not sets `ok` to false.
class Reader {
 public:
  explicit Reader(const json::Object& object) : object_(object) {}

  std::string text(std::string_view name) {
    const json::Value* v = object_.find(name);
    if (v != nullptr && v->if_string() != nullptr) return *v->if_string();
    ok_ = false;
    return {};
  }
  uint64_t number(std::string_view name) {
    const json::Value* v = object_.find(name);
    const auto n = v != nullptr ? v->to_int64() : std::nullopt;
    if (n && *n >= 0) return static_cast<uint64_t>(*n);
    ok_ = false;
    return 0;
  }
  UtcTime time(std::string_view name) {
    const auto t = parse_iso8601(text(name));
    ok_ = ok_ && t;
    return t.value_or(kNever);
  }
  BlobMetadata metadata() {
    BlobMetadata out;
    const json::Value* v = object_.find("metadata");
    if (v == nullptr || v->if_object() == nullptr) {
      ok_ = false;
      return out;
    }
    for (const json::Member& m : *v->if_object()) {
      if (m.value.if_string() != nullptr) out[m.name] = *m.value.if_string();
    }
    return out;
  }
  std::vector<BlobBlock> blocks() {
    std::vector<BlobBlock> out;
    const json::Value* v = object_.find("blocks");
    if (v == nullptr || v->if_array() == nullptr) {
      ok_ = false;
      return out;
    }
    for (const json::Value& item : *v->if_array()) {
      if (item.if_object() == nullptr) continue;
      Reader block(*item.if_object());
      out.push_back({block.text("id"), block.number("size")});
      ok_ = ok_ && block.ok();
    }
    return out;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  const json::Object& object_;
  bool ok_ = true;
};

}  // namespace

std::string write_head(const ContainerHead& head) {
  json::Object out;
  out.append("container", head.name);
  out.append("etag", head.container.etag);
  out.append("modified", format_iso8601(head.container.modified));
  out.append("metadata", to_json(head.container.metadata));
  return sealed(std::move(out));
}

std::string write_head(const BlobHead& head) {
  const Blob& b = head.blob;
  json::Object out;
  out.append("container", head.container);
  out.append("blob", head.name);
  out.append("kind", b.kind == BlobKind::kBlock ? "block" : "append");
  out.append("data", b.data_file);
  out.append("size", b.size);
  out.append("etag", b.etag);
  out.append("created", format_iso8601(b.created));
  out.append("modified", format_iso8601(b.modified));
  out.append("contentType", b.headers.content_type);
  out.append("contentEncoding", b.headers.content_encoding);
  out.append("contentLanguage", b.headers.content_language);
  out.append("contentDisposition", b.headers.content_disposition);
  out.append("cacheControl", b.headers.cache_control);
  out.append("contentMd5", b.headers.content_md5);
  out.append("metadata", to_json(b.metadata));
  json::Array blocks;
  for (const BlobBlock& block : b.blocks) {
    json::Object item;
    item.append("id", block.id);
    item.append("size", block.size);
    blocks.emplace_back(std::move(item));
  }
  out.append("blocks", std::move(blocks));
  out.append("appends", b.appends);
  return sealed(std::move(out));
}

std::optional<ContainerHead> read_container_head(std::string_view text) {
  const auto value = opened(text);
  if (!value) return {};
  Reader r(*value->if_object());
  ContainerHead out{r.text("container"), {r.number("etag"), r.time("modified"), r.metadata(), {}}};
  if (!r.ok() || !is_container_name(out.name)) return {};
  return out;
}

std::optional<BlobHead> read_blob_head(std::string_view text) {
  const auto value = opened(text);
  if (!value) return {};
  Reader r(*value->if_object());
  BlobHead out;
  out.container = r.text("container");
  out.name = r.text("blob");
  Blob& b = out.blob;
  b.kind = r.text("kind") == "append" ? BlobKind::kAppend : BlobKind::kBlock;
  b.data_file = r.text("data");
  b.size = r.number("size");
  b.etag = r.number("etag");
  b.created = r.time("created");
  b.modified = r.time("modified");
  b.headers = {r.text("contentType"),        r.text("contentEncoding"), r.text("contentLanguage"),
               r.text("contentDisposition"), r.text("cacheControl"),    r.text("contentMd5")};
  b.metadata = r.metadata();
  b.blocks = r.blocks();
  b.appends = r.number("appends");
  if (!r.ok() || !is_container_name(out.container) || !is_blob_name(out.name)) return {};
  return out;
}

}  // namespace nave::hub
