#include "query/lexer.h"

#include <charconv>
#include <optional>

namespace nave::query {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_start(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '$';
}
bool is_word(char c) {
  return is_word_start(c) || is_digit(c);
}

void append_utf8(uint32_t c, std::string& out) {
  const auto add = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return add(c);
  if (c < 0x800) {
    add(0xC0 | c >> 6);
  } else if (c < 0x10000) {
    add(0xE0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3F));
  } else {
    add(0xF0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3F));
    add(0x80 | (c >> 6 & 0x3F));
  }
  add(0x80 | (c & 0x3F));
}

class Lexer {
 public:
  explicit Lexer(std::string_view query) : query_(query) {}

  Result<std::vector<Token>, Error> run() {
    std::vector<Token> out;
    for (;;) {
      if (!skip_blanks()) return fail(Error{at_, "The comment is not closed"});
      Token token;
      token.offset = at_;
      if (at_ == query_.size()) {
        out.push_back(std::move(token));
        return out;
      }
      if (!read(token)) return fail(std::move(error_));
      token.source = query_.substr(token.offset, at_ - token.offset);
      out.push_back(std::move(token));
    }
  }

 private:
  [[nodiscard]] std::string_view rest() const { return query_.substr(at_); }
  [[nodiscard]] char peek(size_t ahead = 0) const { return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0'; }

  bool refuse(size_t offset, std::string message) {
    error_ = {offset, std::move(message)};
    return false;
  }

  bool skip_blanks() {
    for (;;) {
      const size_t n = rest().find_first_not_of(" \t\r\n");
      at_ = n == std::string_view::npos ? query_.size() : at_ + n;
      if (!rest().starts_with("/*")) return true;
      const size_t end = query_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return false;
      at_ = end + 2;
    }
  }

  bool read(Token& token) {
    const char c = peek();
    if (is_word_start(c)) return read_word(token);
    if (is_digit(c)) return read_number(token);
    if (c == '\'' || c == '"') return read_string(token);
    if (rest().starts_with("[[")) return read_quoted_word(token);
    return read_symbol(token);
  }

  bool read_word(Token& token) {
    token.kind = TokenKind::kWord;
    while (is_word(peek())) ++at_;
    return true;
  }

  bool read_quoted_word(Token& token) {
    token.kind = TokenKind::kQuotedWord;
    const size_t end = query_.find("]]", at_ + 2);
    if (end == std::string_view::npos) return refuse(at_, "The name in [[ ]] is not closed");
    token.text = query_.substr(at_ + 2, end - at_ - 2);
    if (token.text.empty()) return refuse(at_, "The name in [[ ]] is empty");
    at_ = end + 2;
    return true;
  }

  bool read_symbol(Token& token) {
    token.kind = TokenKind::kSymbol;
    for (const std::string_view two : {"!=", "<>", "<=", ">="}) {
      if (!rest().starts_with(two)) continue;
      at_ += 2;
      return true;
    }
    if (std::string_view("()[],.=<>+-*/%").find(peek()) == std::string_view::npos) {
      return refuse(at_, "Unexpected character at input '" + std::string(quotable(rest())) + "'");
    }
    ++at_;
    return true;
  }

  bool read_number(Token& token) {
    token.kind = TokenKind::kNumber;
    const size_t start = at_;
    const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    if (hex) {
      at_ += 2;
      uint64_t n = 0;
      if (!convert(n, 16)) return refuse(start, "Malformed number");
      token.number = static_cast<double>(n);
    } else if (!convert(token.number)) {
      return refuse(start, "Malformed number");
    }
    if (is_word(peek())) return refuse(start, "Malformed number");
    return true;
  }

  template <class Number, class... Base>
  bool convert(Number& out, Base... base) {
    const std::string_view text = rest();
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base...);
    at_ += static_cast<size_t>(end - text.data());
    return problem == std::errc();
  }

  bool read_string(Token& token) {
    token.kind = TokenKind::kString;
    const size_t start = at_;
    const char quote = query_[at_++];
    while (at_ < query_.size()) {
      const char c = query_[at_++];
      if (c == '\\') {
        if (!read_escape(token.text)) return refuse(at_, "Malformed escape in a string");
      } else if (c != quote) {
        token.text += c;
      } else if (peek() == quote) {
        token.text += query_[at_++];  // doubled
      } else {
        return true;
      }
    }
    return refuse(start, "The string is not closed");
  }

  bool read_escape(std::string& out) {
    if (at_ == query_.size()) return false;
    const char c = query_[at_++];
    if (c == 'u') return read_code_point(out);
    constexpr std::string_view kNames = "'\"\\/bfnrt";
    constexpr std::string_view kMeanings = "'\"\\/\b\f\n\r\t";
    const size_t i = kNames.find(c);
    if (i == std::string_view::npos) return false;
    out += kMeanings[i];
    return true;
  }

  bool read_code_point(std::string& out) {
    const auto first = read_unit();
    if (!first) return false;
    uint32_t c = *first;
    if (c >= 0xD800 && c < 0xDC00) {
      if (!rest().starts_with("\\u")) return false;
      at_ += 2;
      const auto second = read_unit();
      if (!second || *second < 0xDC00 || *second > 0xDFFF) return false;
      c = 0x10000 + ((c - 0xD800) << 10) + (*second - 0xDC00);
    } else if (c >= 0xDC00 && c <= 0xDFFF) {
      return false;
    }
    append_utf8(c, out);
    return true;
  }

  std::optional<uint32_t> read_unit() {
    const std::string_view digits = rest().substr(0, 4);
    uint32_t out = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
    if (problem != std::errc() || end - digits.data() != 4) return {};
    at_ += 4;
    return out;
  }

  const std::string_view query_;
  size_t at_ = 0;
  Error error_;
};

}  // namespace

Result<std::vector<Token>, Error> tokenize(std::string_view query) {
  return Lexer(query).run();
}

}  // namespace nave::query
