#include "hub/transfer/job.h"

#include <algorithm>
#include <array>

#include "base/random.h"
#include "base/url.h"
#include "hub/blob/blob.h"
#include "hub/device/ids.h"
#include "hub/transfer/limits.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

constexpr std::array<std::string_view, 5> kStatusNames = {"enqueued", "running", "completed", "failed", "cancelled"};
constexpr std::string_view kDevices = "devices.txt";
constexpr std::string_view kErrors = "importErrors.log";
constexpr std::string_view kConfigurations = "configurations.txt";

// Reads members; what has another type is remembered as the problem.
class Fields {
 public:
  explicit Fields(const json::Object& object) : object_(object) {}

  std::string text(std::string_view name, std::string_view otherwise = "") {
    const json::Value* v = object_.find(name);
    if (v == nullptr || v->is_null()) return std::string(otherwise);
    if (v->if_string() != nullptr) return v->if_string()->empty() ? std::string(otherwise) : *v->if_string();
    problem_ = std::string(name) + " must be a string";
    return {};
  }
  bool boolean(std::string_view name) {
    const json::Value* v = object_.find(name);
    if (v == nullptr || v->is_null()) return false;
    if (v->if_bool() != nullptr) return *v->if_bool();
    problem_ = std::string(name) + " must be true or false";
    return false;
  }
  uint64_t number(std::string_view name) {
    const json::Value* v = object_.find(name);
    const auto n = v != nullptr ? v->to_int64() : std::nullopt;
    if (n && *n >= 0) return static_cast<uint64_t>(*n);
    problem_ = std::string(name) + " must be a number";
    return 0;
  }
  std::optional<UtcTime> time(std::string_view name) {
    const std::string t = text(name);
    return t.empty() ? std::nullopt : parse_iso8601(t);
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  const json::Object& object_;
  std::string problem_;
};

Error invalid(std::string why) {
  return {ErrorCode::kArgumentInvalid, std::move(why)};
}

HubResult<void> check(const TransferJob& job) {
  const bool import = job.type == TransferType::kImport;
  if (!is_valid_id(job.id)) return fail(invalid("jobId is not a valid id"));
  if (import && job.input_uri.empty()) return fail(Error(ErrorCode::kArgumentNull, "inputBlobContainerUri is missing"));
  if (job.output_uri.empty()) return fail(Error(ErrorCode::kArgumentNull, "outputBlobContainerUri is missing"));
  for (const std::string* uri : {&job.input_uri, &job.output_uri}) {
    if (uri->size() > kTransferUriBytesMax) return fail(invalid("A container URI is too long"));
  }
  for (const std::string* name : {&job.input_blob, &job.output_blob, &job.configurations_blob}) {
    if (!is_blob_name(*name)) return fail(invalid("A blob name is not valid"));
  }
  return {};
}

json::Value time_or_null(const std::optional<UtcTime>& t) {
  return t ? json::Value(format_iso8601(*t)) : json::Value();
}

}  // namespace

HubResult<TransferJob> parse_transfer_job(const json::Object& body) {
  Fields f(body);
  TransferJob out;
  out.id = f.text("jobId");
  if (out.id.empty()) out.id = random_uuid();
  const std::string type = f.text("type");
  const bool import = equals_ignore_case(type, "import");
  if (!import && !equals_ignore_case(type, "export")) return fail(invalid("type must be import or export"));
  out.type = import ? TransferType::kImport : TransferType::kExport;
  out.input_uri = f.text("inputBlobContainerUri");
  out.output_uri = f.text("outputBlobContainerUri");
  out.input_blob = f.text("inputBlobName", kDevices);
  out.output_blob = f.text("outputBlobName", import ? kErrors : kDevices);
  out.configurations_blob = f.text("configurationsBlobName", kConfigurations);
  out.exclude_keys = f.boolean("excludeKeysInExport");
  out.include_configurations = f.boolean("includeConfigurations");
  const std::string authentication = f.text("storageAuthenticationType", "keyBased");
  const bool by_identity = equals_ignore_case(authentication, "identityBased");
  if (!by_identity && !equals_ignore_case(authentication, "keyBased")) {
    return fail(invalid("storageAuthenticationType must be keyBased or identityBased"));
  }
  out.storage_authentication = by_identity ? "identityBased" : "keyBased";
  if (!f.problem().empty()) return fail(invalid(f.problem()));
  if (auto ok = check(out); !ok) return fail(ok.error());
  return out;
}

json::Object transfer_job_document(const TransferJob& job) {
  json::Object out;
  out.append("jobId", job.id);
  out.append("startTimeUtc", time_or_null(job.started));
  out.append("endTimeUtc", time_or_null(job.ended));
  out.append("type", job.type == TransferType::kImport ? "import" : "export");
  out.append("status", kStatusNames[static_cast<size_t>(job.status)]);
  out.append("progress", job.progress);
  if (job.type == TransferType::kImport) out.append("inputBlobName", job.input_blob);
  out.append("outputBlobName", job.output_blob);
  out.append("excludeKeysInExport", job.exclude_keys);
  out.append("storageAuthenticationType", job.storage_authentication);
  out.append("includeConfigurations", job.include_configurations);
  if (job.include_configurations) out.append("configurationsBlobName", job.configurations_blob);
  out.append("failureReason", job.failure.empty() ? json::Value() : json::Value(job.failure));
  return out;
}

std::string write_transfer_job(const TransferJob& job) {
  json::Object out;
  out.append("jobId", job.id);
  out.append("type", job.type == TransferType::kImport ? "import" : "export");
  out.append("inputBlobContainerUri", job.input_uri);
  out.append("outputBlobContainerUri", job.output_uri);
  out.append("inputBlobName", job.input_blob);
  out.append("outputBlobName", job.output_blob);
  out.append("configurationsBlobName", job.configurations_blob);
  out.append("excludeKeysInExport", job.exclude_keys);
  out.append("includeConfigurations", job.include_configurations);
  out.append("storageAuthenticationType", job.storage_authentication);
  out.append("status", kStatusNames[static_cast<size_t>(job.status)]);
  out.append("progress", job.progress);
  out.append("startTimeUtc", time_or_null(job.started));
  out.append("endTimeUtc", time_or_null(job.ended));
  out.append("failureReason", job.failure);
  out.append("offset", job.offset);
  out.append("logBytes", job.log_bytes);
  out.append("logPending", job.log_pending);
  return json::to_text(std::move(out));
}

std::optional<TransferJob> read_transfer_job(std::string_view text) {
  const auto value = json::parse(text, {.bytes_max = size_t{64} << 20});
  if (!value || value->if_object() == nullptr) return {};
  auto out = parse_transfer_job(*value->if_object());
  if (!out) return {};
  Fields f(*value->if_object());
  const auto status = std::ranges::find(kStatusNames, f.text("status"));
  if (status == kStatusNames.end()) return {};
  out->status = static_cast<TransferStatus>(status - kStatusNames.begin());
  out->progress = static_cast<int64_t>(f.number("progress"));
  out->started = f.time("startTimeUtc");
  out->ended = f.time("endTimeUtc");
  out->failure = f.text("failureReason");
  out->offset = f.number("offset");
  out->log_bytes = f.number("logBytes");
  out->log_pending = f.text("logPending");
  if (!f.problem().empty()) return {};
  return *std::move(out);
}

}  // namespace nave::hub
