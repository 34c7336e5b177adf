#include "hub/twin/validate.h"

#include <algorithm>
#include <string>

#include "base/limits.h"

namespace nave::hub {
namespace {

Error invalid(std::string message) {
  return {ErrorCode::kArgumentInvalid, std::move(message)};
}

// C0 (U+0000–U+001F), and C1 (U+0080–U+009F), which UTF-8 writes as C2 80 – C2 9F.
bool is_control(std::string_view text, size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x20) return true;
  return byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
}

// Characters without control characters.
size_t count_characters(std::string_view text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
    if (!continues && !is_control(text, i)) ++out;
  }
  return out;
}

class Checker {
 public:
  // Devices may use '#' in the names of reported properties; the service API refuses it.
  explicit Checker(TwinPart part) : hash_allowed_(part == TwinPart::kReported) {}

  HubResult<void> check(const json::Object& object, size_t depth) const {
    if (depth > limits::kTwinDepthMax) {
      return fail(invalid("Property or Tag objects should be nested maximum " + std::to_string(limits::kTwinDepthMax) +
                          " levels deep."));
    }
    for (const json::Member& m : object) {
      if (auto ok = check_name(m.name); !ok) return ok;
      if (auto ok = check(m.value, depth); !ok) return ok;
    }
    return {};
  }

 private:
  HubResult<void> check(const json::Value& value, size_t depth) const {
    if (const json::Object* o = value.if_object()) return check(*o, depth + 1);
    if (const json::Array* a = value.if_array()) {
      for (const json::Value& v : *a) {
        if (v.is_null()) return fail(invalid("Property or Tag array must not contain null."));
        if (auto ok = check(v, depth); !ok) return ok;
      }
    } else if (const std::string* s = value.if_string()) {
      if (s->size() > limits::kTwinStringBytesMax) {
        return fail(invalid("Property or Tag value should be maximum " + std::to_string(limits::kTwinStringBytesMax) +
                            " bytes."));
      }
    } else if (const json::Number* n = value.if_number()) {
      return check_number(*n, value);
    }
    return {};
  }

  HubResult<void> check_name(std::string_view name) const {
    if (name.size() > limits::kTwinNameBytesMax) {
      return fail(
          invalid("Property or Tag name should be maximum " + std::to_string(limits::kTwinNameBytesMax) + " bytes."));
    }
    for (size_t i = 0; i < name.size(); ++i) {
      const char c = name[i];
      const bool bad = c == '.' || c == '$' || c == ' ' || (c == '#' && !hash_allowed_) || is_control(name, i);
      if (!bad) continue;
      return fail(invalid(hash_allowed_
                              ? "Property or Tag name must not contain control characters, '.', '$' or space."
                              : "Property or Tag name must not contain control characters, '.', '$', '#' or space."));
    }
    return {};
  }

  // A number with a fraction or an exponent is a float, however it is spelled.
  static HubResult<void> check_number(const json::Number& number, const json::Value& value) {
    if (number.text.find_first_of(".eE") != std::string::npos) return {};
    const std::optional<int64_t> n = value.to_int64();
    if (n && *n >= limits::kTwinIntegerMin && *n <= limits::kTwinIntegerMax) return {};
    return fail(invalid("Property or Tag integer value should be between " + std::to_string(limits::kTwinIntegerMin) +
                        " and " + std::to_string(limits::kTwinIntegerMax) + "."));
  }

  const bool hash_allowed_;
};

struct Size {
  size_t counted = 0;
  // About what the text takes. The counted size forgets punctuation, control characters and the digits of numbers, so
  // it alone would not bound what is stored.
  size_t text_bytes = 0;
};

class Meter {
 public:
  // In a patch the members that are null are not part of the result.
  explicit Meter(bool skip_nulls) : skip_nulls_(skip_nulls) {}

  void add(const json::Object& object) {
    size.text_bytes += 2;
    for (const json::Member& m : object) {
      if (skip_nulls_ && m.value.is_null()) continue;
      size.counted += count_characters(m.name);
      size.text_bytes += m.name.size() + 4;
      add(m.value);
    }
  }

  Size size;

 private:
  void add(const json::Value& value) {
    if (const json::Object* o = value.if_object()) {
      add(*o);
    } else if (const json::Array* a = value.if_array()) {
      size.text_bytes += 2 + a->size();
      for (const json::Value& v : *a) add(v);
    } else if (const std::string* s = value.if_string()) {
      size.counted += count_characters(*s);
      size.text_bytes += s->size() + 2;
    } else if (const json::Number* n = value.if_number()) {
      size.counted += 8;
      size.text_bytes += n->text.size();
    } else {
      size.counted += value.is_null() ? 0 : 4;
      size.text_bytes += 5;
    }
  }

  const bool skip_nulls_;
};

HubResult<void> check_size(const Size& size, TwinPart part) {
  const size_t most = part == TwinPart::kTags ? limits::kTwinTagsSizeMax : limits::kTwinPropertiesSizeMax;
  if (size.counted <= most && size.text_bytes <= limits::kTwinSectionTextBytesMax) return {};
  return fail(
      invalid("The size of " + std::string(name_of(part)) + " should be maximum " + std::to_string(most) + " bytes."));
}

}  // namespace

std::string_view name_of(TwinPart part) {
  switch (part) {
    case TwinPart::kTags:
      return "tags";
    case TwinPart::kDesired:
      return "properties.desired";
    case TwinPart::kReported:
      break;
  }
  return "properties.reported";
}

HubResult<void> check_twin_values(const json::Object& values, TwinPart part) {
  return Checker(part).check(values, 0);
}

HubResult<void> check_twin_size(const json::Object& values, TwinPart part) {
  Meter meter(false);
  meter.add(values);
  return check_size(meter.size, part);
}

HubResult<void> check_patch_size(const json::Object& patch, TwinPart part) {
  Meter meter(true);
  meter.add(patch);
  return check_size(meter.size, part);
}

}  // namespace nave::hub
