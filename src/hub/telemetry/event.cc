#include "hub/telemetry/event.h"

namespace nave::hub {
namespace {

constexpr char kVersion = 1;
constexpr uint8_t kLastKnownId = static_cast<uint8_t>(SystemProperty::kAck);

void append_varint(std::string& out, size_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool byte(uint8_t& out) {
    if (rest_.empty()) return false;
    out = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }

  bool varint(uint32_t& out) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift <= 28; shift += 7) {
      uint8_t b = 0;
      if (!byte(b)) return false;
      value |= uint64_t{b & 0x7fU} << shift;
      if ((b & 0x80) != 0) continue;
      if (b == 0 && shift > 0) return false;  // not the shortest form
      out = static_cast<uint32_t>(value);
      return value <= UINT32_MAX;
    }
    return false;
  }

  bool bytes(uint32_t length, std::string_view& out) {
    if (length > rest_.size()) return false;
    out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

  bool text(std::string_view& out) {
    uint32_t length = 0;
    return varint(length) && bytes(length, out);
  }

  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Counts need no check of their own: every element takes at least two bytes, so a lie runs into the end.
bool read_system(Reader& reader, EventView& event) {
  uint32_t count = 0;
  if (!reader.varint(count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    uint8_t id = 0;
    std::string_view value;
    if (!reader.byte(id) || id == 0 || !reader.text(value)) return false;
    if (id <= kLastKnownId) event.system.push_back({static_cast<SystemProperty>(id), value});
  }
  return true;
}

bool read_application(Reader& reader, EventView& event) {
  uint32_t count = 0;
  if (!reader.varint(count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    ApplicationProperty property;
    uint32_t tag = 0;
    if (!reader.text(property.name) || !reader.varint(tag)) return false;
    if (tag > 0 && !reader.bytes(tag - 1, property.value.emplace())) return false;
    event.application.push_back(property);
  }
  return true;
}

}  // namespace

std::optional<std::string_view> EventView::find(SystemProperty name) const {
  for (const SystemPropertyValue& p : system) {
    if (p.name == name) return p.value;
  }
  return {};
}

void EventView::clear() {
  system.clear();
  application.clear();
  body = {};
}

bool is_hub_stamp(SystemProperty name) {
  return name >= SystemProperty::kConnectionDeviceId && name <= SystemProperty::kMessageSource;
}

size_t metered_size(const EventView& event) {
  size_t size = event.body.size();
  for (const SystemPropertyValue& p : event.system) {
    if (!is_hub_stamp(p.name)) size += p.value.size();
  }
  for (const ApplicationProperty& p : event.application) size += p.name.size() + p.value.value_or("").size();
  return size;
}

void encode_event(const EventView& event, std::string& out) {
  out += kVersion;
  append_varint(out, event.system.size());
  for (const SystemPropertyValue& p : event.system) {
    out += static_cast<char>(p.name);
    append_text(out, p.value);
  }
  append_varint(out, event.application.size());
  for (const ApplicationProperty& p : event.application) {
    append_text(out, p.name);
    append_varint(out, p.value ? p.value->size() + 1 : 0);
    if (p.value) out += *p.value;
  }
  append_text(out, event.body);
}

bool decode_event(std::string_view bytes, EventView& event) {
  event.clear();
  Reader reader(bytes);
  uint8_t version = 0;
  return reader.byte(version) && version == kVersion && read_system(reader, event) && read_application(reader, event) &&
         reader.text(event.body) && reader.done();
}

}  // namespace nave::hub
