// nave device export, nave device import: jobs of the hub, through a container of its own when a file is given.
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "app/client/http_container.h"
#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "app/commands/storage.h"
#include "base/random.h"
#include "base/url.h"
#include "hub/transfer/own_container.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {
namespace {

constexpr size_t kPieceBytes = 4 << 20;
constexpr int64_t kSignatureSeconds = 24 * 3600;
constexpr const char* kDevices = "devices.txt";
constexpr const char* kErrors = "importErrors.log";

std::string text_of(const json::Object& object, std::string_view name) {
  const json::Value* v = object.find(name);
  return v != nullptr && v->if_string() != nullptr ? *v->if_string() : "";
}

json::Object parse_job(const ClientResponse& response) {
  auto value = json::parse(response.body);
  if (!value || value->if_object() == nullptr) throw std::runtime_error("the hub's answer is not a job");
  return std::move(*value->if_object());
}

// A line that is drawn over itself, for people only.
class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)), shown_(isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (shown_ && drawn_) std::cerr << '\n';
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(int64_t percent) {
    if (!shown_ || percent == last_) return;
    last_ = percent;
    drawn_ = true;
    constexpr int64_t kWidth = 40;
    const auto full = static_cast<size_t>(percent * kWidth / 100);
    std::cerr << '\r' << what_ << " [" << std::string(full, '#') << std::string(kWidth - full, ' ') << "] " << percent
              << " %" << std::flush;
  }

 private:
  const std::string what_;
  const bool shown_;
  bool drawn_ = false;
  int64_t last_ = -1;
};

json::Object wait_for(const Target& target, json::Object job, const std::string& what) {
  Progress progress(what);
  auto pause = std::chrono::milliseconds(50);
  while (true) {
    const std::string status = text_of(job, "status");
    const json::Value* percent = job.find("progress");
    progress.show(percent != nullptr ? percent->to_int64().value_or(0) : 0);
    if (status == "completed") return job;
    if (status == "failed" || status == "cancelled") {
      const std::string why = text_of(job, "failureReason");
      throw std::runtime_error("the job " + status + (why.empty() ? "" : ": " + why));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(1000));
    job = parse_job(call_service(target, "GET", "/jobs/" + percent_encode(text_of(job, "jobId")), "", ""));
  }
}

// A container of the hub's own for one run, gone with it.
class OwnContainer {
 public:
  explicit OwnContainer(const TargetOptions& target)
      : storage_(local_storage(target.data)), name_("cli-" + random_hex(20)) {
    request("PUT");
    uri_ = container_address(storage_, {name_, ""}, "racwdl", kSignatureSeconds);
    HttpContainers containers(storage_.ca_file);
    auto opened = containers.open(uri_);
    if (!opened) throw std::runtime_error(opened.error());
    container_ = *std::move(opened);
  }
  ~OwnContainer() {
    try {
      request("DELETE");
    } catch (const std::exception&) {
      std::cerr << "nave: the container " << name_ << " could not be removed\n";
    }
  }
  OwnContainer(const OwnContainer&) = delete;
  OwnContainer& operator=(const OwnContainer&) = delete;

  [[nodiscard]] const std::string& uri() const { return uri_; }
  [[nodiscard]] hub::Container& container() { return *container_; }

 private:
  void request(const std::string& method) {
    const auto uri = hub::parse_container_uri(storage_.endpoint);
    if (!uri) throw std::runtime_error("the address of the hub's blob storage is damaged");
    const UtcTime expires =
        std::chrono::time_point_cast<Ticks>(std::chrono::system_clock::now()) + std::chrono::minutes(10);
    HttpClient client({uri->host, uri->port, storage_.ca_file});
    const ClientResponse response = client.request(
        method,
        uri->path + "/" + name_ + "?restype=container&" + auth::make_account_sas(storage_.account, "racwdl", expires),
        {{"x-ms-version", "2020-10-02"}}, "");
    if (response.status / 100 != 2) {
      throw std::runtime_error("the hub's blob storage refused: status " + std::to_string(response.status));
    }
  }

  const LocalStorage storage_;
  const std::string name_;
  std::string uri_;
  std::unique_ptr<hub::Container> container_;
};

template <class T>
T must(const std::string& what, hub::ContainerResult<T> result) {
  if (!result) throw std::runtime_error(what + ": " + result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void download(hub::Container& from, const std::string& blob, const std::string& file) {
  const uint64_t size = must("cannot read the export", from.size(blob));
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  Progress progress("Download");
  for (uint64_t at = 0; at < size;) {
    const std::string piece = must("cannot read the export", from.read(blob, at, kPieceBytes));
    if (piece.empty()) break;
    out << piece;
    at += piece.size();
    progress.show(static_cast<int64_t>(at * 100 / size));
  }
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file);
}

void upload(const std::string& file, hub::Container& to, const std::string& blob) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) throw std::runtime_error("cannot read " + file);
  const auto size = static_cast<uint64_t>(in.tellg());
  in.seekg(0);
  const auto writer = to.write(blob);
  Progress progress("Upload");
  std::string piece(kPieceBytes, '\0');
  for (uint64_t at = 0; at < size;) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto n = static_cast<size_t>(in.gcount());
    if (n == 0) throw std::runtime_error("cannot read " + file);
    must("cannot upload", writer->write(std::string_view(piece).substr(0, n)));
    at += n;
    progress.show(static_cast<int64_t>(at * 100 / size));
  }
  must("cannot upload", writer->finish());
}

void check_way(const TransferOptions& o, const std::string& uri) {
  if (o.file.empty() == uri.empty()) throw std::runtime_error("give either a file or a container");
  if (o.no_wait && !o.file.empty()) throw std::runtime_error("--no-wait is for containers only");
}

json::Object start(const Target& target, json::Object body) {
  return parse_job(call_service(target, "POST", "/jobs/create", "", json::to_text(std::move(body))));
}

// What did not take place, on standard error.
void report_errors(hub::Container& container) {
  const uint64_t size = must("cannot read the log of errors", container.size(kErrors));
  size_t lines = 0;
  for (uint64_t at = 0; at < size;) {
    const std::string piece = must("cannot read the log of errors", container.read(kErrors, at, kPieceBytes));
    if (piece.empty()) break;
    for (const char c : piece) lines += c == '\n' ? 1U : 0U;
    std::cerr << piece;
    at += piece.size();
  }
  if (lines > 0) throw std::runtime_error(std::to_string(lines) + " lines did not take place");
}

}  // namespace

void device_export(const TransferOptions& o) {
  check_way(o, o.output_uri);
  const Target target = resolve_target(o.target);
  std::unique_ptr<OwnContainer> own;
  if (!o.file.empty()) own = std::make_unique<OwnContainer>(o.target);
  json::Object body;
  body.append("type", "export");
  body.append("outputBlobContainerUri", own ? own->uri() : o.output_uri);
  if (!o.output_blob.empty()) body.append("outputBlobName", o.output_blob);
  body.append("excludeKeysInExport", !o.include_keys);
  body.append("includeConfigurations", o.configurations);
  json::Object job = start(target, std::move(body));
  if (!o.no_wait) job = wait_for(target, std::move(job), "Export");
  if (own) download(own->container(), o.output_blob.empty() ? kDevices : o.output_blob, o.file);
  std::cout << indented(std::move(job));
}

void device_import(const TransferOptions& o) {
  check_way(o, o.input_uri);
  const Target target = resolve_target(o.target);
  std::unique_ptr<OwnContainer> own;
  if (!o.file.empty()) {
    own = std::make_unique<OwnContainer>(o.target);
    upload(o.file, own->container(), kDevices);
  }
  json::Object body;
  body.append("type", "import");
  body.append("inputBlobContainerUri", own ? own->uri() : o.input_uri);
  body.append("outputBlobContainerUri", own ? own->uri() : (o.output_uri.empty() ? o.input_uri : o.output_uri));
  if (!o.input_blob.empty() && !own) body.append("inputBlobName", o.input_blob);
  body.append("includeConfigurations", o.configurations && !own);
  json::Object job = start(target, std::move(body));
  if (!o.no_wait) job = wait_for(target, std::move(job), "Import");
  std::cout << indented(std::move(job));
  if (own) report_errors(own->container());
}

}  // namespace nave::app
