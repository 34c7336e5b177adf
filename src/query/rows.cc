#include "query/rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "json/write.h"

namespace nave::query {
namespace {

// Members of one object: of several with one key the last that has a value counts, at the place of the first.
class RowWriter {
 public:
  void add(std::string_view key, std::string json) {
    const auto same = std::find_if(members_.begin(), members_.end(), [&](const auto& m) { return m.first == key; });
    if (same == members_.end()) {
      members_.emplace_back(key, std::move(json));
    } else {
      same->second = std::move(json);
    }
  }

  void write(std::string& out) const {
    char before = '{';
    for (const auto& [key, json] : members_) {
      out += before;
      json::write_string(key, out);
      out += ':';
      out += json;
      before = ',';
    }
    if (members_.empty()) out += before;
    out += '}';
  }

 private:
  std::vector<std::pair<std::string_view, std::string>> members_;
};

// As short as it can be read back exactly; whole numbers without a fraction. Infinite sums have no JSON: null.
std::string number_text(double n) {
  if (!std::isfinite(n)) return "null";
  char buffer[32];
  constexpr double kWholeMax = 9'007'199'254'740'992;
  const bool whole = n == std::trunc(n) && std::fabs(n) <= kWholeMax;
  const auto end = whole ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<int64_t>(n)).ptr
                         : std::to_chars(buffer, buffer + sizeof buffer, n).ptr;
  return {buffer, end};
}

// Equal for what belongs into one group. Numbers are alike however they are spelled.
std::string group_key(const Value& value, const std::string& json) {
  return value.type == Type::kNumber ? number_text(value.number) : json;
}

}  // namespace

void project(const Statement& statement, const Document& document, std::string& out) {
  RowWriter row;
  for (const Item& item : statement.items) {
    std::string json;
    if (item.path.known && document.write(item.path, json)) row.add(item.key, std::move(json));
  }
  row.write(out);
}

void Groups::Tally::add(double n) {
  min = count == 0 ? n : std::min(min, n);
  max = count == 0 ? n : std::max(max, n);
  sum += n;
  ++count;
}

Groups::Groups(const Statement& statement) : statement_(statement) {
  // Without GROUP BY there is one row, whatever matches.
  if (statement.group_by.empty()) groups_.push_back({{}, std::vector<Tally>(statement.items.size())});
}

Groups::Group& Groups::group_of(const Document& document) {
  if (statement_.group_by.empty()) return groups_.front();
  std::vector<std::string> keys;
  std::string key;
  for (const Path& path : statement_.group_by) {
    std::string json;
    if (path.known && document.write(path, json)) key += group_key(document.find(path), json);
    key += '\0';  // JSON text has none
    keys.push_back(std::move(json));
  }
  const auto [at, is_new] = index_.try_emplace(std::move(key), groups_.size());
  if (is_new) {
    constexpr size_t kGroupBytes = 200;  // beside its texts: nodes, headers of strings and vectors
    bytes_ += kGroupBytes + 2 * at->first.size() + statement_.items.size() * sizeof(Tally);
    groups_.push_back({std::move(keys), std::vector<Tally>(statement_.items.size())});
  }
  return groups_[at->second];
}

void Groups::add(const Document& document) {
  Group& group = group_of(document);
  for (size_t i = 0; i < statement_.items.size(); ++i) {
    const Item& item = statement_.items[i];
    if (item.kind == Item::Kind::kCount) {
      group.tallies[i].add(0);
    } else if (item.is_aggregate() && item.path.known) {
      const Value value = document.find(item.path);
      if (value.type == Type::kNumber) group.tallies[i].add(value.number);
    }
  }
}

void Groups::write_row(size_t index, std::string& out) const {
  const Group& group = groups_[index];
  RowWriter row;
  for (size_t i = 0; i < statement_.items.size(); ++i) {
    const Item& item = statement_.items[i];
    const Tally& tally = group.tallies[i];
    if (item.kind == Item::Kind::kPath) {
      const auto path = std::find(statement_.group_by.begin(), statement_.group_by.end(), item.path);
      const std::string& json = group.keys[static_cast<size_t>(path - statement_.group_by.begin())];
      if (!json.empty()) row.add(item.key, json);
    } else if (item.kind == Item::Kind::kCount) {
      row.add(item.key, std::to_string(tally.count));
    } else if (item.kind == Item::Kind::kSum) {
      row.add(item.key, number_text(tally.sum));
    } else if (tally.count > 0) {
      const double n = item.kind == Item::Kind::kMin   ? tally.min
                       : item.kind == Item::Kind::kMax ? tally.max
                                                       : tally.sum / static_cast<double>(tally.count);
      row.add(item.key, number_text(n));
    }
  }
  row.write(out);
}

}  // namespace nave::query
