#include "hub/twin/change.h"

#include <string_view>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "hub/twin/merge.h"
#include "hub/twin/validate.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::hub {
namespace {

using json::Object;
using json::Value;

std::string text_of(const Object& object) {
  std::string out;
  json::write(object, out);
  return out;
}

DesiredChange desired_change(Object document, uint64_t version) {
  document.append("$version", version);
  return {version, text_of(document)};
}

// A section after a change, and not yet part of the twin.
struct NextSection {
  Object values;
  Object metadata;
  uint64_t version = 0;

  void store(TwinSection& section) const {
    section.values = text_of(values);
    section.metadata = text_of(metadata);
    section.version = version;
  }
};

HubResult<NextSection> change_section(const TwinSection& section, const Object& patch, TwinPart part, bool replaces,
                                      UtcTime now) {
  if (auto ok = check_patch_size(patch, part); !ok) return fail(ok.error());
  if (auto ok = check_twin_values(patch, part); !ok) return fail(ok.error());
  NextSection next;
  next.version = section.version + 1;
  if (!replaces) {
    auto values = parse_stored(section.values);
    auto metadata = parse_stored(section.metadata);
    if (!values || !metadata) return fail(values ? metadata.error() : values.error());
    next.values = *std::move(values);
    next.metadata = *std::move(metadata);
  }
  TwinStamp stamp{format_iso8601(now), {}};
  if (part == TwinPart::kDesired) stamp.version = next.version;
  merge_properties(next.values, next.metadata, patch, stamp);
  if (auto ok = check_twin_size(next.values, part); !ok) return fail(ok.error());
  return next;
}

HubResult<std::string> change_tags(const std::string& tags, const TwinInput& input, bool replaces) {
  Object next;
  if (!replaces && !input.clears_tags) {
    if (!input.tags) return tags;
    auto values = parse_stored(tags);
    if (!values) return fail(values.error());
    next = *std::move(values);
  }
  if (input.tags) {
    if (auto ok = check_patch_size(*input.tags, TwinPart::kTags); !ok) return fail(ok.error());
    if (auto ok = check_twin_values(*input.tags, TwinPart::kTags); !ok) return fail(ok.error());
    merge_tags(next, *input.tags);
    if (auto ok = check_twin_size(next, TwinPart::kTags); !ok) return fail(ok.error());
  }
  return text_of(next);
}

// Of a section as a client read it.
Object without_read_only(Object section, bool tags) {
  section.erase("$metadata");
  section.erase("$version");
  if (tags) section.erase("$etag");
  return section;
}

Error not_an_object(const char* what) {
  return {ErrorCode::kArgumentInvalid, std::string(what) + " must be a JSON object"};
}

Error mismatch(const char* what, uint64_t existing, const std::string& given) {
  return {ErrorCode::kPreconditionFailed, std::string("Precondition failed: ") + what +
                                              " version did not match, existingVersion:" + std::to_string(existing) +
                                              " newVersion:" + given};
}

}  // namespace

HubResult<Object> parse_stored(const std::string& text) {
  auto value = json::parse(text, {.bytes_max = limits::kTwinStoredTextBytesMax});
  if (!value || value->if_object() == nullptr) return fail(Error(ErrorCode::kServerError));
  return std::move(*value->if_object());
}

HubResult<TwinInput> read_twin_input(const Object& body) {
  TwinInput out;
  if (const Value* tags = body.find("tags")) {
    out.clears_tags = tags->is_null();
    if (!tags->is_null()) {
      if (tags->if_object() == nullptr) return fail(not_an_object("tags"));
      out.tags = without_read_only(*tags->if_object(), true);
    }
  }
  const Value* const properties = body.find("properties");
  if (properties == nullptr || properties->is_null()) return out;
  if (properties->if_object() == nullptr) return fail(not_an_object("properties"));
  const Value* const desired = properties->if_object()->find("desired");
  if (desired == nullptr || desired->is_null()) return out;
  if (desired->if_object() == nullptr) return fail(not_an_object("properties.desired"));
  out.desired = without_read_only(*desired->if_object(), false);
  return out;
}

HubResult<void> check_twin_etag(const Twin& twin, const IfMatch& if_match) {
  if (if_match.kind != IfMatch::Kind::kTag || !if_match.quoted) return {};
  const std::optional<uint64_t> given = parse_twin_etag(if_match.tag);
  if (!given) return fail(Error(ErrorCode::kPreconditionFailed, "Precondition failed: Invalid ETag"));
  if (*given == twin.changes) return {};
  return fail(mismatch("Twin", twin.changes, std::to_string(*given)));
}

HubResult<Twin> initial_twin(const Identity& identity, const TwinInput& input) {
  Twin out = fresh_twin(identity);
  out.changes = 0;
  out.desired.version = 0;
  const auto changed = patch_twin(out, input, creation_time(identity));
  if (!changed) return fail(changed.error());
  out.desired.version = 1;
  return out;
}

HubResult<std::optional<DesiredChange>> patch_twin(Twin& twin, const TwinInput& input, UtcTime now) {
  auto tags = change_tags(twin.tags, input, false);
  if (!tags) return fail(tags.error());
  std::optional<DesiredChange> announce;
  if (input.desired) {
    const auto next = change_section(twin.desired, *input.desired, TwinPart::kDesired, input.clears_desired, now);
    if (!next) return fail(next.error());
    next->store(twin.desired);
    announce = desired_change(input.clears_desired ? next->values : *input.desired, next->version);
  }
  twin.tags = *std::move(tags);
  ++twin.changes;
  return announce;
}

HubResult<std::optional<DesiredChange>> replace_twin(Twin& twin, const TwinInput& input, UtcTime now) {
  auto tags = change_tags(twin.tags, input, true);
  if (!tags) return fail(tags.error());
  const auto next = change_section(twin.desired, input.desired.value_or(Object()), TwinPart::kDesired, true, now);
  if (!next) return fail(next.error());
  next->store(twin.desired);
  twin.tags = *std::move(tags);
  ++twin.changes;
  return desired_change(next->values, next->version);
}

HubResult<uint64_t> patch_reported(Twin& twin, const Object& patch, std::optional<int64_t> base, UtcTime now) {
  if (base && (*base < 0 || static_cast<uint64_t>(*base) != twin.reported.version)) {
    return fail(mismatch("Reported properties", twin.reported.version, std::to_string(*base)));
  }
  const auto next = change_section(twin.reported, patch, TwinPart::kReported, false, now);
  if (!next) return fail(next.error());
  next->store(twin.reported);
  return next->version;
}

}  // namespace nave::hub
