// What a query answers: one row for each document, or rows for groups of them (reference/query-language.md §7, §8).
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/ast.h"
#include "query/document.h"

namespace nave::query {

// JSON text of the row that the items of `statement`, which has some and is not grouped, make of a document.
void project(const Statement& statement, const Document& document, std::string& out);

// The groups of a grouped statement, in the order of their first document.
class Groups {
 public:
  // `statement` outlives the groups.
  explicit Groups(const Statement& statement);

  // A document that matches.
  void add(const Document& document);
  [[nodiscard]] size_t size() const { return groups_.size(); }
  // What the groups take, about; grows with each new one.
  [[nodiscard]] size_t bytes() const { return bytes_; }
  // Appends JSON text. `index` < size().
  void write_row(size_t index, std::string& out) const;

 private:
  struct Tally {
    uint64_t count = 0;
    double sum = 0;
    double min = 0;
    double max = 0;
    void add(double n);
  };
  struct Group {
    std::vector<std::string> keys;  // JSON text, one for each path of GROUP BY; empty: undefined
    std::vector<Tally> tallies;     // one for each item
  };
  Group& group_of(const Document& document);

  const Statement& statement_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<Group> groups_;
  size_t bytes_ = 0;
};

}  // namespace nave::query
