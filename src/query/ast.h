// A query as a tree (reference/query-language.md §2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "query/path.h"
#include "query/value.h"

namespace nave::query {

enum class Function : uint8_t {
  kIsDefined,
  kIsNull,
  kIsBool,
  kIsNumber,
  kIsString,
  kIsArray,
  kIsObject,
  kIsPrimitive,
  kStartsWith,
  kEndsWith,
  kArrayContains,
};

struct Expression {
  enum class Kind : uint8_t {
    kLiteral,  // `value`; of a string its text is `text`
    kPath,
    kArray,       // children: the elements
    kAnd,         // two or more
    kOr,          // two or more
    kNot,         // one
    kCompare,     // two
    kIn,          // the value, then the elements
    kArithmetic,  // two, with `symbol`
    kNegate,      // one
    kCall,
  };
  Kind kind = Kind::kLiteral;
  Comparison comparison = Comparison::kEqual;
  Function function = Function::kIsDefined;
  char symbol = 0;
  bool fold_case = false;  // kCompare and kIn: of a field whose values the service takes in any case
  uint16_t depth = 1;      // of the tree from here on
  size_t offset = 0;
  Value value;
  std::string text;
  Path path;
  std::vector<Expression> children;
};

struct Item {
  enum class Kind : uint8_t { kPath, kCount, kSum, kAvg, kMin, kMax };
  Kind kind = Kind::kPath;
  Path path;        // not of kCount
  std::string key;  // in the row
  size_t offset = 0;
  [[nodiscard]] bool is_aggregate() const { return kind != Kind::kPath; }
};

struct Statement {
  Collection collection = Collection::kDevices;
  std::optional<uint64_t> top;
  std::vector<Item> items;  // empty: *
  std::optional<Expression> where;
  std::vector<Path> group_by;

  [[nodiscard]] bool selects_all() const { return items.empty(); }
  // One row for many documents.
  [[nodiscard]] bool is_grouped() const;
};

}  // namespace nave::query
