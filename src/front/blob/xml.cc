#include "front/blob/xml.h"

#include <algorithm>

#include "base/base64.h"
#include "base/http_date.h"

namespace nave::front::blob {
namespace {

using hub::BlobError;

constexpr std::string_view kDeclaration = R"(<?xml version="1.0" encoding="utf-8"?>)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no way to say other control characters.
        out += c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r' ? ' ' : c;
    }
  }
  return out;
}

std::string element(std::string_view name, std::string_view text) {
  const std::string tag(name);
  return text.empty() ? "<" + tag + "/>" : "<" + tag + ">" + escaped(text) + "</" + tag + ">";
}

std::string unquoted_etag(uint64_t etag) {
  const std::string quoted = hub::blob_etag_text(etag);
  return quoted.substr(1, quoted.size() - 2);
}

std::string metadata_element(const hub::BlobMetadata& metadata) {
  std::string out;
  for (const auto& [name, value] : metadata) out += element(name, value);
  return "<Metadata>" + out + "</Metadata>";
}

std::string blob_element(const std::string& name, const hub::Blob& b, bool with_metadata) {
  std::string out = "<Blob>" + element("Name", name) + "<Properties>";
  out += element("Creation-Time", format_http_date(b.created)) + element("Last-Modified", format_http_date(b.modified));
  out += element("Etag", unquoted_etag(b.etag)) + element("Content-Length", std::to_string(b.size));
  out += element("Content-Type", b.headers.content_type) + element("Content-Encoding", b.headers.content_encoding);
  out += element("Content-Language", b.headers.content_language) + element("Content-MD5", b.headers.content_md5);
  out += element("Cache-Control", b.headers.cache_control);
  out += element("Content-Disposition", b.headers.content_disposition);
  out += element("BlobType", b.kind == hub::BlobKind::kBlock ? "BlockBlob" : "AppendBlob");
  if (b.kind == hub::BlobKind::kBlock) out += "<AccessTier>Hot</AccessTier>";
  out += "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>";
  out += "<ServerEncrypted>false</ServerEncrypted></Properties>";
  if (with_metadata) out += metadata_element(b.metadata);
  return out + "</Blob>";
}

std::string list_head(const ListRequest& request) {
  std::string out = element("Prefix", request.prefix) + element("Marker", request.marker) +
                    element("MaxResults", std::to_string(request.top));
  if (!request.delimiter.empty()) out += element("Delimiter", request.delimiter);
  return out;
}

std::string blocks_element(std::string_view name, const std::vector<hub::BlobBlock>& blocks) {
  std::string out = "<" + std::string(name) + ">";
  for (const hub::BlobBlock& b : blocks) {
    out += "<Block>" + element("Name", b.id) + element("Size", std::to_string(b.size)) + "</Block>";
  }
  return out + "</" + std::string(name) + ">";
}

// A cursor over the few shapes of XML that a block list has: elements without attributes, text without entities.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  [[nodiscard]] bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  // Up to `end`, which is taken too; nullopt if it does not come.
  [[nodiscard]] std::optional<std::string_view> until(std::string_view end) {
    const size_t at = rest_.find(end);
    if (at == std::string_view::npos) return {};
    const std::string_view out = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return out;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<hub::BlobBlockChoice::From> from_of(std::string_view element_name) {
  using From = hub::BlobBlockChoice::From;
  if (element_name == "Committed") return From::kCommitted;
  if (element_name == "Uncommitted") return From::kUncommitted;
  if (element_name == "Latest") return From::kLatest;
  return {};
}

}  // namespace

std::string error_document(const hub::BlobErrorRow& error, std::string_view request_id, UtcTime now) {
  const std::string message =
      std::string(error.text) + "\nRequestId:" + std::string(request_id) + "\nTime:" + format_iso8601_fixed(now);
  return std::string(kDeclaration) + "<Error>" + element("Code", error.name) + element("Message", message) + "</Error>";
}

std::string blob_list_document(const std::string& container, const ListRequest& request, const hub::BlobList& list) {
  std::string out(kDeclaration);
  out += "<EnumerationResults ServiceEndpoint=\"" + escaped(request.endpoint) + "\" ContainerName=\"" +
         escaped(container) + "\">" + list_head(request) + "<Blobs>";
  for (const hub::BlobListItem& item : list.items) {
    out += item.blob ? blob_element(item.name, *item.blob, request.with_metadata)
                     : "<BlobPrefix>" + element("Name", item.name) + "</BlobPrefix>";
  }
  return out + "</Blobs>" + element("NextMarker", write_marker(list.next)) + "</EnumerationResults>";
}

std::string container_list_document(const ListRequest& request,
                                    const std::vector<std::pair<std::string, hub::BlobContainer>>& containers,
                                    const std::string& next) {
  std::string out(kDeclaration);
  out += "<EnumerationResults ServiceEndpoint=\"" + escaped(request.endpoint) + "\">" + list_head(request) +
         "<Containers>";
  for (const auto& [name, container] : containers) {
    out += "<Container>" + element("Name", name) + "<Properties>" +
           element("Last-Modified", format_http_date(container.modified)) +
           element("Etag", unquoted_etag(container.etag)) +
           "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
           "<HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold></Properties>";
    if (request.with_metadata) out += metadata_element(container.metadata);
    out += "</Container>";
  }
  return out + "</Containers>" + element("NextMarker", write_marker(next)) + "</EnumerationResults>";
}

std::string block_list_document(const hub::BlobStorage::Blocks& blocks, std::string_view which) {
  std::string out = std::string(kDeclaration) + "<BlockList>";
  if (which != "uncommitted") out += blocks_element("CommittedBlocks", blocks.committed);
  if (which != "committed" && !which.empty()) out += blocks_element("UncommittedBlocks", blocks.uncommitted);
  return out + "</BlockList>";
}

std::string service_properties_document() {
  return std::string(kDeclaration) +
         "<StorageServiceProperties><Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read>"
         "<Write>false</Write><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></Logging><Cors/>"
         "</StorageServiceProperties>";
}

std::string write_marker(const std::string& next) {
  return next.empty() ? "" : base64_encode(next);
}

std::optional<std::string> read_marker(const std::string& marker) {
  if (marker.size() > 2 * hub::kBlobNameBytesMax) return {};
  return base64_decode(marker);
}

hub::BlobResult<std::vector<hub::BlobBlockChoice>> read_block_list(std::string_view text) {
  const auto malformed = [] { return fail(BlobError::kInvalidXmlDocument); };
  Scanner in(text);
  (void)in.take("\xEF\xBB\xBF");
  in.skip_space();
  if (in.take("<?xml") && !in.until("?>")) return malformed();
  in.skip_space();
  std::vector<hub::BlobBlockChoice> out;
  bool open = in.take("<BlockList>");
  if (!open && !in.take("<BlockList/>") && !in.take("<BlockList />")) return malformed();
  while (open) {
    in.skip_space();
    if (in.take("</BlockList>")) {
      open = false;
    } else {
      const auto name = in.take("<") ? in.until(">") : std::nullopt;
      const auto from = name ? from_of(*name) : std::nullopt;
      const auto id = from ? in.until("</" + std::string(*name) + ">") : std::nullopt;
      if (!id) return malformed();
      if (!hub::is_block_id(*id)) return fail(BlobError::kInvalidBlockId);
      if (out.size() == hub::kBlobBlocksMax) return fail(BlobError::kBlockCountExceedsLimit);
      out.push_back({std::string(*id), *from});
    }
  }
  in.skip_space();
  if (!in.at_end()) return malformed();
  return out;
}

}  // namespace nave::front::blob
