// The evaluator against the slow one, over random conditions and documents.
#include "unit/query/slow_query.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "unit/query/run.h"

namespace nave::query::test {

namespace {

SlowResult slow_value(const json::Value* v) {
  if (v == nullptr) return {};
  if (v->is_null()) return SlowValue(nullptr);
  if (v->if_bool() != nullptr) return SlowValue(*v->if_bool());
  if (v->if_number() != nullptr) return SlowValue(std::stod(v->if_number()->text));
  if (v->if_string() != nullptr) return SlowValue(*v->if_string());
  return SlowValue(Composite{v->if_array() != nullptr});
}

const json::Value* slow_find(const std::vector<std::string>& path, const json::Value& document) {
  const json::Value* at = &document;
  for (const std::string& name : path) {
    if (at == nullptr || at->if_object() == nullptr) return nullptr;
    at = at->if_object()->find(name);
  }
  return at;
}

bool composite(const SlowResult& v) {
  return std::holds_alternative<Composite>(*v);
}

SlowResult boolean(bool b) {
  return SlowValue(b);
}

SlowResult slow_equal(const SlowResult& a, const SlowResult& b) {
  if (!a || !b) return {};
  if (composite(a) || composite(b)) return {};
  if (a->index() != b->index()) return boolean(false);
  if (a->index() == 0) return boolean(true);
  if (a->index() == 1) return boolean(std::get<1>(*a) == std::get<1>(*b));
  if (a->index() == 2) return boolean(std::get<2>(*a) == std::get<2>(*b));
  return boolean(std::get<3>(*a) == std::get<3>(*b));
}

SlowResult slow_not(const SlowResult& v) {
  if (!v || v->index() != 1) return {};
  return boolean(!std::get<1>(*v));
}

SlowResult slow_order(const std::string& op, const SlowResult& a, const SlowResult& b) {
  if (!a || !b || a->index() != b->index()) return {};
  if (a->index() != 2 && a->index() != 3) return {};
  const bool numbers = a->index() == 2;
  const bool less = numbers ? std::get<2>(*a) < std::get<2>(*b) : std::get<3>(*a) < std::get<3>(*b);
  const bool equal = numbers ? std::get<2>(*a) == std::get<2>(*b) : std::get<3>(*a) == std::get<3>(*b);
  if (op == "<") return boolean(less);
  if (op == "<=") return boolean(less || equal);
  if (op == ">") return boolean(!less && !equal);
  return boolean(!less);
}

SlowResult slow_and(const SlowResult& a, const SlowResult& b) {
  const bool a_false = a && a->index() == 1 && !std::get<1>(*a);
  const bool b_false = b && b->index() == 1 && !std::get<1>(*b);
  if (a_false || b_false) return boolean(false);
  const bool a_true = a && a->index() == 1;
  const bool b_true = b && b->index() == 1;
  return a_true && b_true ? boolean(true) : SlowResult();
}

SlowResult slow_or(const SlowResult& a, const SlowResult& b) {
  return slow_not(slow_and(slow_not(a), slow_not(b)));
}

SlowResult slow_arithmetic(const std::string& op, const SlowResult& a, const SlowResult& b) {
  if (!a || !b || a->index() != 2 || b->index() != 2) return {};
  const double x = std::get<2>(*a);
  const double y = std::get<2>(*b);
  if ((op == "/" || op == "%") && y == 0) return {};
  if (op == "+") return SlowValue(x + y);
  if (op == "-") return SlowValue(x - y);
  if (op == "*") return SlowValue(x * y);
  return op == "/" ? SlowValue(x / y) : SlowValue(std::fmod(x, y));
}

SlowResult slow_is(const std::string& op, const SlowResult& v) {
  if (op == "IS_DEFINED") return boolean(v.has_value());
  if (!v) return boolean(false);
  if (op == "IS_PRIMITIVE") return boolean(!composite(v));
  if (op == "IS_ARRAY") return boolean(composite(v) && std::get<4>(*v).is_array);
  if (op == "IS_OBJECT") return boolean(composite(v) && !std::get<4>(*v).is_array);
  static const std::map<std::string, size_t> kIndex = {
      {"IS_NULL", 0}, {"IS_BOOL", 1}, {"IS_NUMBER", 2}, {"IS_STRING", 3}};
  return boolean(v->index() == kIndex.at(op));
}

SlowResult slow_affix(bool at_start, const SlowResult& text, const SlowResult& part) {
  if (!text || !part || text->index() != 3 || part->index() != 3) return {};
  const std::string& t = std::get<3>(*text);
  const std::string& p = std::get<3>(*part);
  if (p.size() > t.size()) return boolean(false);
  return boolean((at_start ? t.substr(0, p.size()) : t.substr(t.size() - p.size())) == p);
}

SlowResult slow_contains(const SlowNode& array, const SlowResult& wanted, const json::Value& document) {
  const json::Value* found = slow_find(array.path, document);
  if (!wanted || composite(wanted) || found == nullptr || found->if_array() == nullptr) return {};
  for (const json::Value& element : *found->if_array()) {
    const SlowResult same = slow_equal(slow_value(&element), wanted);
    if (same && std::get<1>(*same)) return same;
  }
  return boolean(false);
}

SlowResult slow_in(const SlowNode& node, const json::Value& document) {
  const SlowResult value = slow_evaluate(node.parts[0], document);
  if (!value) return {};
  SlowResult out = boolean(false);
  for (size_t i = 1; i < node.parts.size(); ++i) {
    out = slow_or(out, slow_equal(value, slow_evaluate(node.parts[i], document)));
  }
  return out;
}

}  // namespace

SlowResult slow_evaluate(const SlowNode& node, const json::Value& document) {
  const std::string& op = node.op;
  if (op == "literal") return node.literal;
  if (op == "path") return slow_value(slow_find(node.path, document));
  if (op == "IN") return slow_in(node, document);
  if (op == "NIN" || op == "NOT IN") return slow_not(slow_in(node, document));
  const SlowResult a = slow_evaluate(node.parts[0], document);
  if (op == "NOT") return slow_not(a);
  if (op == "neg") return slow_arithmetic("-", SlowValue(0.0), a);
  if (op.starts_with("IS_")) return slow_is(op, a);
  const SlowResult b = slow_evaluate(node.parts[1], document);
  if (op == "ARRAY_CONTAINS") return slow_contains(node.parts[0], b, document);
  if (op == "STARTSWITH" || op == "ENDSWITH") return slow_affix(op == "STARTSWITH", a, b);
  if (op == "AND") return slow_and(a, b);
  if (op == "OR") return slow_or(a, b);
  if (op == "=") return slow_equal(a, b);
  if (op == "!=" || op == "<>") return slow_not(slow_equal(a, b));
  if (op == "<" || op == "<=" || op == ">" || op == ">=") return slow_order(op, a, b);
  return slow_arithmetic(op, a, b);
}

namespace {

// How tightly an operator binds: 1 OR … 8 what stands alone.
int level(const std::string& op) {
  static const std::map<std::string, int> kLevels = {
      {"OR", 1}, {"AND", 2}, {"NOT", 3},    {"=", 4}, {"!=", 4}, {"<>", 4}, {"<", 4}, {"<=", 4}, {">", 4},  {">=", 4},
      {"IN", 4}, {"NIN", 4}, {"NOT IN", 4}, {"+", 5}, {"-", 5},  {"*", 6},  {"/", 6}, {"%", 6},  {"neg", 7}};
  const auto it = kLevels.find(op);
  return it == kLevels.end() ? 8 : it->second;
}

std::string spell_at(const SlowNode& node, int at_least) {
  const std::string text = spell(node);
  return level(node.op) < at_least ? "(" + text + ")" : text;
}

std::string spell_literal(const SlowResult& v) {
  if (!v) return "undefined";
  if (v->index() == 0) return "null";
  if (v->index() == 1) return std::get<1>(*v) ? "true" : "false";
  if (v->index() == 3) return "'" + std::get<3>(*v) + "'";
  const double n = std::get<2>(*v);
  return n == 0 ? "0" : std::to_string(n);
}

std::string spell_list(const std::vector<SlowNode>& parts, size_t from) {
  std::string out;
  for (size_t i = from; i < parts.size(); ++i) out += (i == from ? "" : ", ") + spell(parts[i]);
  return out;
}

}  // namespace

std::string spell(const SlowNode& node) {
  const std::string& op = node.op;
  if (op == "literal") return spell_literal(node.literal);
  if (op == "path") {
    std::string out;
    for (const std::string& name : node.path) out += (out.empty() ? "" : ".") + name;
    return out;
  }
  const int own = level(op);
  if (own == 8) return op + "(" + spell_list(node.parts, 0) + ")";
  if (op == "NOT") return "NOT " + spell_at(node.parts[0], own);
  if (op == "neg") return "-" + spell_at(node.parts[0], own + 1);
  if (op == "IN" || op == "NIN" || op == "NOT IN") {
    return spell_at(node.parts[0], own + 1) + " " + op + " [" + spell_list(node.parts, 1) + "]";
  }
  // Comparisons do not chain; everything else associates to the left.
  return spell_at(node.parts[0], own == 4 ? own + 1 : own) + " " + op + " " + spell_at(node.parts[1], own + 1);
}

namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  SlowNode condition(int depth) {
    if (depth == 0 || chance(5)) return operand();
    switch (below(7)) {
      case 0:
        return binary({"AND", "OR"}, depth);
      case 1:
        return binary({"AND", "OR", "+", "-", "*", "/", "%"}, depth);
      case 2:
        return {pick({"NOT", "neg"}), {condition(depth - 1)}, {}, {}};
      case 3:
        return membership(depth);
      case 4:
        return call(depth);
      default:
        return binary({"=", "!=", "<>", "<", "<=", ">", ">="}, depth);
    }
  }

  json::Value document() {
    json::Object tags;
    for (const char* name : {"a", "b", "c"}) {
      if (!chance(4)) tags.set(name, value(2));
    }
    json::Object out;
    out.set("deviceId", text());
    out.set("tags", std::move(tags));
    return out;
  }

 private:
  size_t below(size_t n) { return random_() % n; }
  bool chance(size_t one_in) { return below(one_in) == 0; }
  std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }
  std::string text() { return pick({"", "a", "ab", "b", "B", "abc"}); }
  double number() { return static_cast<double>(below(5)) / 2; }

  json::Value value(int depth) {
    switch (below(depth > 0 ? 6 : 4)) {
      case 0:
        return nullptr;
      case 1:
        return chance(2);
      case 2:
        return json::Number{std::to_string(number())};
      case 3:
        return text();
      case 4:
        return json::Array{value(depth - 1), value(depth - 1)};
      default:
        json::Object out;
        out.set(pick({"a", "b"}), value(depth - 1));
        return out;
    }
  }

  SlowNode path() {
    std::vector<std::string> out = {"tags", pick({"a", "b", "c"})};
    if (chance(3)) out.push_back(pick({"a", "b"}));
    if (chance(8)) out = {"deviceId"};
    return {"path", {}, {}, out};
  }

  SlowNode operand() {
    if (chance(2)) return path();
    SlowNode out{"literal", {}, {}, {}};
    switch (below(5)) {
      case 0:
        out.literal = SlowValue(nullptr);
        break;
      case 1:
        out.literal = SlowValue(chance(2));
        break;
      case 2:
        out.literal = SlowValue(number());
        break;
      case 3:
        out.literal = SlowValue(text());
        break;
      default:
        break;  // undefined
    }
    return out;
  }

  SlowNode binary(const std::vector<std::string>& ops, int depth) {
    return {pick(ops), {condition(depth - 1), condition(depth - 1)}, {}, {}};
  }

  SlowNode membership(int depth) {
    SlowNode out{pick({"IN", "NIN", "NOT IN"}), {condition(depth - 1)}, {}, {}};
    for (size_t n = below(4); n > 0; --n) out.parts.push_back(condition(depth - 1));
    return out;
  }

  SlowNode call(int depth) {
    const std::string name = pick({"IS_DEFINED", "IS_NULL", "IS_BOOL", "IS_NUMBER", "IS_STRING", "IS_ARRAY",
                                   "IS_OBJECT", "IS_PRIMITIVE", "STARTSWITH", "ENDSWITH", "ARRAY_CONTAINS"});
    if (name.starts_with("IS_")) return {name, {condition(depth - 1)}, {}, {}};
    if (name == "ARRAY_CONTAINS") return {name, {path(), condition(depth - 1)}, {}, {}};
    return {name, {operand(), operand()}, {}, {}};
  }

  std::mt19937_64 random_;
};

std::string shown(const SlowResult& v) {
  return !v ? "undefined" : v->index() == 4 ? (std::get<4>(*v).is_array ? "array" : "object") : spell_literal(v);
}

std::string shown(const Value& v) {
  switch (v.type) {
    case Type::kUndefined:
      return "undefined";
    case Type::kNull:
      return "null";
    case Type::kBool:
      return v.boolean ? "true" : "false";
    case Type::kNumber:
      return spell_literal(SlowValue(v.number));
    case Type::kString:
      return "'" + std::string(v.text) + "'";
    default:
      return v.type == Type::kArray ? "array" : "object";
  }
}

TEST(QueryProperties, TheSlowEvaluatorAgrees) {
  std::map<std::string, size_t> outcomes;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    Maker make(seed);
    const SlowNode condition = make.condition(4);
    const std::string query = "SELECT * FROM devices WHERE " + spell(condition);
    const auto statement = parse(query);
    ASSERT_TRUE(statement) << "seed " << seed << ": " << query << "\n" << describe(statement.error(), query);
    for (int i = 0; i < 5; ++i) {
      const json::Value document = make.document();
      const SlowResult expected = slow_evaluate(condition, document);
      const JsonDocument seen(document);
      ASSERT_EQ(shown(evaluate(*statement->where, seen)), shown(expected)) << "seed " << seed << ": " << query << "\n"
                                                                           << json::to_text(document);
      EXPECT_EQ(matches(*statement, seen), shown(expected) == "true");
      ++outcomes[shown(expected)];
    }
  }
  // The conditions are not all of one kind.
  for (const char* outcome : {"true", "false", "undefined"}) EXPECT_GT(outcomes[outcome], 1000U) << outcome;
}

// Rows and groups against counting by hand: every document that matches is in exactly one group.
TEST(QueryProperties, GroupsAddUp) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Maker make(seed);
    json::Array documents;
    for (int i = 0; i < 30; ++i) documents.push_back(make.document());
    const SlowNode condition = make.condition(2);
    size_t expected = 0;
    for (const json::Value& d : documents) expected += shown(slow_evaluate(condition, d)) == "true" ? 1 : 0;
    const std::string tail = " FROM devices WHERE " + spell(condition);
    size_t grouped = 0;
    for (const std::string& text : run(*parse("SELECT tags.a, COUNT() AS n" + tail + " GROUP BY tags.a"), documents)) {
      const auto row = json::parse(text);
      ASSERT_TRUE(row);
      grouped += static_cast<size_t>(*row->if_object()->find("n")->to_int64());
    }
    EXPECT_EQ(grouped, expected) << tail;
    EXPECT_EQ(run(*parse("SELECT deviceId" + tail), documents).size(), expected) << tail;
    EXPECT_EQ(joined(run(*parse("SELECT COUNT() AS n" + tail), documents)), "{\"n\":" + std::to_string(expected) + "}");
  }
}

}  // namespace
}  // namespace nave::query::test
