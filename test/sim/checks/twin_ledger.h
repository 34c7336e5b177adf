// Twins: versions grow by one with every write, every write has a version of its own, reads show what was acknowledged
// before them, and no write undoes another. The ledger sees each row as it becomes durable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "hub/twin/twin.h"
#include "sim/scheduler.h"

namespace nave::sim {

class TwinLedger {
 public:
  explicit TwinLedger(Scheduler& scheduler) : scheduler_(scheduler) {}

  enum class Part : uint8_t { kDesired, kReported };
  // A write sets "last" and one of a few other names to its number; a replacement leaves nothing else than its own.
  [[nodiscard]] uint64_t begin_write() { return ++last_write_; }
  [[nodiscard]] static std::string patch_text(uint64_t write);
  [[nodiscard]] static std::string replacement_text(uint64_t write);

  // The store has made it durable.
  void on_stored(const IdentityKey& key, const std::string& generation, const hub::Twin& twin);
  // A write was acknowledged with this version, on an identity that is never deleted.
  void on_acknowledged(const IdentityKey& key, Part part, uint64_t version, uint64_t write);
  // For a read that begins now: it must not show an older version.
  [[nodiscard]] uint64_t floor(const IdentityKey& key, Part part) const;
  // `values` is JSON text with the section in it.
  void on_read(const IdentityKey& key, Part part, uint64_t version, uint64_t floor, std::string_view values);
  [[nodiscard]] uint64_t version(const IdentityKey& key, Part part) const;
  [[nodiscard]] uint64_t writes() const { return last_write_; }

 private:
  struct Section {
    uint64_t version = 1;
    uint64_t acknowledged = 1;
    std::map<uint64_t, uint64_t> writes;       // version -> write
    std::map<std::string, uint64_t> contents;  // name -> write
  };
  struct State {
    std::string generation;
    Section desired;
    Section reported;
    [[nodiscard]] Section& part(Part p) { return p == Part::kDesired ? desired : reported; }
    [[nodiscard]] const Section& part(Part p) const { return p == Part::kDesired ? desired : reported; }
  };
  void store(Section& section, const hub::TwinSection& stored);

  Scheduler& scheduler_;
  std::map<IdentityKey, State> twins_;
  uint64_t last_write_ = 0;
};

// The number behind "name": in JSON text; nullopt if it is not there.
[[nodiscard]] std::optional<uint64_t> json_number(std::string_view text, std::string_view name);

// The object behind "name": with its braces; empty if there is none. No text in it has braces.
[[nodiscard]] std::string_view json_member(std::string_view text, std::string_view name);

}  // namespace nave::sim
