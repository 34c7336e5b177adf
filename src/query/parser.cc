#include "query/parser.h"

#include <algorithm>
#include <array>

#include "base/url.h"
#include "query/expression_parser.h"
#include "query/tokens.h"

namespace nave::query {
namespace {

struct AggregateRow {
  std::string_view name;
  Item::Kind kind;
};
constexpr std::array<AggregateRow, 5> kAggregates = {{
    {"COUNT", Item::Kind::kCount},
    {"SUM", Item::Kind::kSum},
    {"AVG", Item::Kind::kAvg},
    {"MIN", Item::Kind::kMin},
    {"MAX", Item::Kind::kMax},
}};

class StatementParser {
 public:
  explicit StatementParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Statement run() {
    tokens_.expect_word("SELECT");
    if (tokens_.take_word("TOP")) out_.top = top();
    const size_t list = tokens_.peek().offset;
    if (!tokens_.take_symbol("*")) items();
    tokens_.expect_word("FROM");
    out_.collection = collection();
    if (tokens_.take_word("WHERE")) out_.where = ExpressionParser(tokens_, out_.collection).condition();
    if (tokens_.is_word("GROUP")) group_by();
    if (tokens_.peek().kind != TokenKind::kEnd) tokens_.refuse_next();
    resolve_items();
    check(list);
    return std::move(out_);
  }

  Statement run_condition() {
    if (tokens_.take_symbol("*")) return ended();
    if (tokens_.take_word("FROM")) {
      out_.collection = collection();
      if (out_.collection == Collection::kJobs) tokens_.refuse(0, "devices.jobs has no conditions");
      if (tokens_.peek().kind == TokenKind::kEnd) return ended();
      tokens_.expect_word("WHERE");
    }
    out_.where = ExpressionParser(tokens_, out_.collection).condition();
    return ended();
  }

 private:
  Statement ended() {
    if (tokens_.peek().kind != TokenKind::kEnd) tokens_.refuse_next();
    return std::move(out_);
  }

  uint64_t top() {
    const Token& t = tokens_.peek();
    constexpr double kTopMax = 9'007'199'254'740'992;  // beyond it a double skips integers
    if (t.kind != TokenKind::kNumber || t.number > kTopMax ||
        t.number != static_cast<double>(static_cast<uint64_t>(t.number))) {
      tokens_.refuse_next();
    }
    tokens_.take();
    return static_cast<uint64_t>(t.number);
  }

  void items() {
    do {
      out_.items.push_back(item());
      if (out_.items.size() > kItemsMax) tokens_.refuse(out_.items.back().offset, "Too many items");
    } while (tokens_.take_symbol(","));
  }

  Item item() {
    Item out;
    out.offset = tokens_.peek().offset;
    if (tokens_.peek().kind == TokenKind::kWord && tokens_.is_symbol("(", 1)) {
      aggregate(out);
    } else {
      out.path = parse_path(tokens_);
    }
    if (tokens_.take_word("AS")) {
      out.key = alias();
    } else if (out.is_aggregate()) {
      out.key = "$" + std::to_string(++unnamed_);
    }
    return out;
  }

  void aggregate(Item& out) {
    const Token& name = tokens_.take();
    const auto row = std::find_if(kAggregates.begin(), kAggregates.end(),
                                  [&](const AggregateRow& a) { return equals_ignore_case(a.name, name.source); });
    if (row == kAggregates.end()) {
      tokens_.refuse(name.offset, "Invalid aggregate '" + std::string(quotable(name.source)) + "'");
    }
    out.kind = row->kind;
    tokens_.expect_symbol("(");
    if (out.kind == Item::Kind::kCount) {
      tokens_.take_symbol("*");
    } else {
      out.path = parse_path(tokens_);
    }
    tokens_.expect_symbol(")");
  }

  std::string alias() {
    const Token& t = tokens_.peek();
    if (t.kind != TokenKind::kWord && t.kind != TokenKind::kQuotedWord) tokens_.refuse_next();
    tokens_.take();
    return t.kind == TokenKind::kWord ? std::string(t.source) : t.text;
  }

  Collection collection() {
    tokens_.expect_word("devices");
    if (!tokens_.take_symbol(".")) return Collection::kDevices;
    if (tokens_.take_word("modules")) return Collection::kModules;
    tokens_.expect_word("jobs");
    return Collection::kJobs;
  }

  void group_by() {
    group_offset_ = tokens_.take().offset;
    tokens_.expect_word("BY");
    do {
      out_.group_by.push_back(parse_path(tokens_));
      resolve(out_.group_by.back(), out_.collection);
      if (out_.group_by.size() > kItemsMax) tokens_.refuse(group_offset_, "Too many items");
    } while (tokens_.take_symbol(","));
  }

  // Only now is it known of which collection they are.
  void resolve_items() {
    for (Item& item : out_.items) {
      if (item.kind == Item::Kind::kCount) continue;
      resolve(item.path, out_.collection);
      if (item.key.empty()) item.key = key_of(item.path);
    }
  }

  void check(size_t list) const {
    if (out_.collection == Collection::kJobs && (!out_.selects_all() || out_.is_grouped())) {
      tokens_.refuse(list, "devices.jobs can only be selected with *");
    }
    if (!out_.is_grouped()) return;
    if (out_.selects_all()) tokens_.refuse(group_offset_, "GROUP BY does not go with *");
    for (const Item& item : out_.items) {
      const bool grouped = std::find(out_.group_by.begin(), out_.group_by.end(), item.path) != out_.group_by.end();
      if (!item.is_aggregate() && !grouped) {
        tokens_.refuse(item.offset,
                       "'" + std::string(quotable(item.key)) + "' is neither an aggregate nor in GROUP BY");
      }
    }
  }

  Tokens tokens_;
  Statement out_;
  size_t group_offset_ = 0;
  size_t unnamed_ = 0;  // aggregates without AS
};

size_t count_chars(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// `run` makes the statement of a parser over the tokens of `text`.
Result<Statement, Error> parse_with(std::string_view text, Statement (StatementParser::*run)()) {
  if (count_chars(text) > kQueryCharsMax) {
    return fail(Error{0, "The query is longer than " + std::to_string(kQueryCharsMax) + " characters"});
  }
  auto tokens = tokenize(text);
  if (!tokens) return fail(std::move(tokens.error()));
  try {
    StatementParser parser(*std::move(tokens));
    return (parser.*run)();
  } catch (Error& e) {
    return fail(std::move(e));
  }
}

}  // namespace

bool Statement::is_grouped() const {
  return !group_by.empty() || std::any_of(items.begin(), items.end(), [](const Item& i) { return i.is_aggregate(); });
}

Result<Statement, Error> parse(std::string_view text) {
  return parse_with(text, &StatementParser::run);
}

Result<Statement, Error> parse_condition(std::string_view text) {
  return parse_with(text, &StatementParser::run_condition);
}

}  // namespace nave::query
