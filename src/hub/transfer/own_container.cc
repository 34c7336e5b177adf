#include "hub/transfer/own_container.h"

#include <charconv>
#include <utility>

#include "base/url.h"

namespace nave::hub {
namespace {

ContainerError told(BlobError error) {
  return std::string(row(error).name);
}

class OwnWriter final : public ContainerWriter {
 public:
  OwnWriter(BlobStorage& storage, std::string container, std::string blob)
      : storage_(storage), container_(std::move(container)), blob_(std::move(blob)), upload_(storage.begin()) {}

  ContainerResult<void> write(ByteView bytes) override {
    if (const auto ok = upload_->write(bytes); !ok) return fail(told(ok.error()));
    return {};
  }
  ContainerResult<void> finish() override {
    if (const auto ok = upload_->finish(); !ok) return fail(told(ok.error()));
    BlobPut put{container_, blob_, {}, {}, {}};
    put.headers.content_md5 = upload_->md5();
    if (const auto done = storage_.put(std::move(put), upload_); !done) return fail(told(done.error()));
    return {};
  }

 private:
  BlobStorage& storage_;
  const std::string container_;
  const std::string blob_;
  const std::shared_ptr<BlobUpload> upload_;
};

class OwnContainer final : public Container {
 public:
  OwnContainer(BlobStorage& storage, std::string container, auth::BlobRights rights)
      : storage_(storage), container_(std::move(container)), rights_(rights) {}

  ContainerResult<uint64_t> size(const std::string& blob) override {
    if (!rights_.has(auth::BlobRight::kRead)) return fail(told(BlobError::kAuthorizationPermissionMismatch));
    const auto found = storage_.find(container_, blob);
    if (!found) return fail(told(found.error()));
    return found->size;
  }

  ContainerResult<std::string> read(const std::string& blob, uint64_t offset, size_t bytes) override {
    const auto found = storage_.find(container_, blob);
    if (!found) return fail(told(found.error()));
    if (offset >= found->size) return std::string();
    if (found->data_file != open_name_) {
      auto opened = storage_.open(*found);
      if (!opened) return fail(told(opened.error()));
      open_file_ = *std::move(opened);
      open_name_ = found->data_file;
    }
    std::string out(static_cast<size_t>(std::min<uint64_t>(bytes, found->size - offset)), '\0');
    if (open_file_->read_at(offset, out) != out.size()) return fail(told(BlobError::kInternalError));
    return out;
  }

  std::unique_ptr<ContainerWriter> write(const std::string& blob) override {
    return std::make_unique<OwnWriter>(storage_, container_, blob);
  }

  ContainerResult<void> create_log(const std::string& blob) override {
    BlobPut put{container_, blob, {}, {}, {}};
    put.headers.content_type = "text/plain";
    if (const auto made = storage_.create_append(std::move(put)); !made) return fail(told(made.error()));
    return {};
  }

  ContainerResult<void> append_log(const std::string& blob, uint64_t at, ByteView bytes) override {
    const auto found = storage_.find(container_, blob);
    if (found && found->size == at + bytes.size()) return {};
    const auto done = storage_.append({container_, blob, {}, at, {}}, bytes);
    if (!done) return fail(told(done.error()));
    return {};
  }

  ContainerResult<void> check_writable() override {
    const bool may = (rights_.has(auth::BlobRight::kWrite) || rights_.has(auth::BlobRight::kCreate)) &&
                     rights_.has(auth::BlobRight::kDelete);
    if (!may) return fail(told(BlobError::kAuthorizationPermissionMismatch));
    if (const auto found = storage_.find_container(container_); !found) return fail(told(found.error()));
    return {};
  }

 private:
  BlobStorage& storage_;
  const std::string container_;
  const auth::BlobRights rights_;
  std::string open_name_;
  std::shared_ptr<BlobFile> open_file_;
};

}  // namespace

std::optional<ContainerUri> parse_container_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "https://";
  if (uri.size() < kScheme.size() || !equals_ignore_case(uri.substr(0, kScheme.size()), kScheme)) return {};
  for (const char c : uri) {
    if (c <= ' ' || c == 0x7f) return {};  // it becomes part of a request
  }
  uri.remove_prefix(kScheme.size());
  const size_t slash = uri.find('/');
  if (slash == std::string_view::npos) return {};
  std::string_view authority = uri.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) return {};
  ContainerUri out;
  if (const size_t colon = authority.rfind(':'); colon != std::string_view::npos && !authority.ends_with(']')) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (problem != std::errc() || end != port.data() + port.size() || out.port == 0) return {};
    authority = authority.substr(0, colon);
  }
  out.host = to_lower(authority);
  if (out.host.empty()) return {};
  const std::string_view rest = uri.substr(slash);
  const size_t question = std::min(rest.find('?'), rest.size());
  out.path = rest.substr(0, question);
  while (out.path.ends_with('/')) out.path.pop_back();
  out.query = rest.substr(std::min(question + 1, rest.size()));
  if (out.path.empty()) return {};
  return out;
}

ContainerResult<std::unique_ptr<Container>> OwnContainers::open(const std::string& text) {
  const auto uri = parse_container_uri(text);
  if (!uri) return fail(ContainerError("The address of the container is not an https URI"));
  const std::string prefix = "/" + account_.name + "/";
  const bool ours = hub_.is_own_host(uri->host) && (uri->port == 443 || uri->port == hub_.https_port);
  if (!ours || !uri->path.starts_with(prefix)) return others_.open(text);
  const std::string name = percent_decode(std::string_view(uri->path).substr(prefix.size()));
  if (!is_container_name(name)) return fail(told(BlobError::kInvalidResourceName));
  // As for a blob of the container, whichever: that is what will be read and written.
  const auto rights = auth::verify_blob_sas(auth::parse_query(uri->query), account_, {name, "any"}, clock_.utc());
  if (!rights) return fail(told(BlobError::kAuthenticationFailed));
  return std::make_unique<OwnContainer>(storage_, name, *rights);
}

}  // namespace nave::hub
