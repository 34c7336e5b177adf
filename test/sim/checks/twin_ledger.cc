#include "sim/checks/twin_ledger.h"

#include <algorithm>
#include <charconv>

namespace nave::sim {
namespace {

constexpr uint64_t kNames = 5;

std::string name_of(uint64_t write) {
  return "n" + std::to_string(write % kNames);
}

}  // namespace

std::optional<uint64_t> json_number(std::string_view text, std::string_view name) {
  const std::string quoted = '"' + std::string(name) + "\":";
  const size_t at = text.find(quoted);
  if (at == std::string_view::npos) return {};
  uint64_t value = 0;
  const char* const begin = text.data() + at + quoted.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc{}) return {};
  return value;
}

std::string_view json_member(std::string_view text, std::string_view name) {
  const size_t at = text.find('"' + std::string(name) + "\":{");
  if (at == std::string_view::npos) return {};
  const size_t begin = text.find('{', at);
  size_t depth = 0;
  for (size_t i = begin; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return text.substr(begin, i + 1 - begin);
  }
  return {};
}

std::string TwinLedger::patch_text(uint64_t write) {
  const std::string number = std::to_string(write);
  return "{\"last\":" + number + ",\"" + name_of(write) + "\":" + number + "}";
}

std::string TwinLedger::replacement_text(uint64_t write) {
  const std::string number = std::to_string(write);
  return "{\"last\":" + number + ",\"whole\":" + number + "}";
}

void TwinLedger::on_stored(const IdentityKey& key, const std::string& generation, const hub::Twin& twin) {
  State& state = twins_[key];
  if (state.generation != generation) state = State{generation, {}, {}};
  store(state.desired, twin.desired);
  store(state.reported, twin.reported);
}

void TwinLedger::store(Section& section, const hub::TwinSection& stored) {
  if (stored.version != section.version) {
    scheduler_.expect(stored.version == section.version + 1, "a twin's version did not grow by one");
    section.version = stored.version;
    const uint64_t write = json_number(stored.values, "last").value_or(0);
    section.writes[stored.version] = write;
    const bool replaced = json_number(stored.values, "whole") == write;
    if (replaced) section.contents.clear();
    section.contents["last"] = section.contents[replaced ? "whole" : name_of(write)] = write;
  }
  for (const auto& [name, write] : section.contents) {
    scheduler_.expect(json_number(stored.values, name) == write, "a twin lost a write");
  }
}

void TwinLedger::on_acknowledged(const IdentityKey& key, Part part, uint64_t version, uint64_t write) {
  scheduler_.note("twin written", version, write);
  Section& section = twins_[key].part(part);
  if (section.version < version) return scheduler_.fail("a twin write was acknowledged before it was durable");
  scheduler_.expect(section.writes[version] == write, "a twin write was acknowledged with another write's version");
  section.acknowledged = std::max(section.acknowledged, version);
}

uint64_t TwinLedger::floor(const IdentityKey& key, Part part) const {
  const auto it = twins_.find(key);
  return it == twins_.end() ? 1 : it->second.part(part).acknowledged;
}

uint64_t TwinLedger::version(const IdentityKey& key, Part part) const {
  const auto it = twins_.find(key);
  return it == twins_.end() ? 1 : it->second.part(part).version;
}

void TwinLedger::on_read(const IdentityKey& key, Part part, uint64_t version, uint64_t floor, std::string_view values) {
  scheduler_.note("twin read", version, floor);
  scheduler_.expect(version >= floor, "a twin was read without a write that was acknowledged before");
  Section& section = twins_[key].part(part);
  if (version > section.version) return scheduler_.fail("a twin was read before it was durable");
  if (version == 1) return;
  scheduler_.expect(json_number(values, "last") == section.writes[version],
                    "a twin was read with another version's text");
}

}  // namespace nave::sim
