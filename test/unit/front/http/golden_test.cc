// Runs the conversations in test/golden/http. A file is a sequence of exchanges on an empty hub:
//
//   >>> PUT /devices/d1?api-version=2021-04-12      a request; headers, blank line, body may follow
//   Authorization: service                          the name of the policy whose token is sent; "none" sends none,
//                                                   "device d1" or "device d1/m1" that of a device or module
//   <<< 200                                         the answer: status, all headers in order, blank line, body
//
// In answers <guid>, <key>, <etag>, <ticks>, <time>, <tracking>, … stand for text of that shape, and <etag:x> also
// gives it a name; <x> in later requests and answers is that very text. The clock moves one second before each request.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "unit/front/http/api_fixture.h"

namespace nave::test {
namespace {

using Bindings = std::map<std::string, std::string>;

struct Exchange {
  int line = 0;
  std::string request_line;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string expected;
};

std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool begins(const std::vector<std::string>& lines, size_t i, const char* mark) {
  return i < lines.size() && lines[i].starts_with(mark);
}

Exchange read_exchange(const std::vector<std::string>& lines, size_t& i) {
  Exchange out;
  out.line = static_cast<int>(i) + 1;
  out.request_line = lines[i++].substr(4);
  for (; i < lines.size() && !lines[i].empty() && !begins(lines, i, "<<<"); ++i) {
    const size_t colon = lines[i].find(": ");
    out.headers.emplace_back(lines[i].substr(0, colon), lines[i].substr(colon + 2));
  }
  for (; i < lines.size() && !begins(lines, i, "<<<"); ++i) out.body += lines[i];
  for (; i < lines.size() && !begins(lines, i, ">>>"); ++i) {
    if (lines[i].starts_with('#')) continue;
    out.expected += (begins(lines, i, "<<<") ? lines[i].substr(4) : lines[i]) + "\n";
  }
  while (out.expected.ends_with("\n\n")) out.expected.pop_back();
  return out;
}

std::vector<Exchange> read_file(const std::filesystem::path& file) {
  const std::vector<std::string> lines = read_lines(file);
  std::vector<Exchange> out;
  size_t i = 0;
  while (i < lines.size() && !begins(lines, i, ">>>")) ++i;
  while (i < lines.size()) out.push_back(read_exchange(lines, i));
  return out;
}

const Bindings& shapes() {
  static const Bindings all = {
      {"guid", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"},
      {"key", "[A-Za-z0-9+/]{43}="},
      {"etag", "[A-Za-z0-9]{12}"},
      {"ticks", "[0-9]{18}"},
      {"version", "[0-9]{9}"},
      {"where", "(?: at byte [0-9]+)?"},
      {"time", "2026-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"},
      {"time7", R"(2026-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{7}Z)"},
      {"lock", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
      {"tracking", "[0-9a-f]{32}-G:2-TimeStamp:[0-9]{2}/[0-9]{2}/2026 [0-9:]{8}"},
  };
  return all;
}

const std::regex& placeholder() {
  static const std::regex pattern("<([a-z]+)(?::([a-z0-9]+))?>|<([a-z0-9]+)>");
  return pattern;
}

std::string quote(const std::string& text) {
  return std::regex_replace(text, std::regex(R"([.^$|()\[\]{}*+?\\])"), R"(\$&)");
}

std::string substitute(const std::string& text, const Bindings& bindings) {
  std::string out = text;
  for (const auto& [name, value] : bindings) {
    for (size_t at = out.find("<" + name + ">"); at != std::string::npos; at = out.find("<" + name + ">")) {
      out.replace(at, name.size() + 2, value);
    }
  }
  return out;
}

// True, and new names bound, if `actual` is what `expected` describes.
bool matches(const std::string& expected, const std::string& actual, Bindings& bindings) {
  const std::string text = substitute(expected, bindings);
  std::string pattern;
  std::vector<std::string> names;
  auto rest = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), placeholder()), end; it != end; ++it) {
    pattern += quote(std::string(rest, (*it)[0].first));
    rest = (*it)[0].second;
    const std::string kind = (*it)[1].matched ? (*it)[1] : (*it)[3];
    if (const auto named = std::find(names.begin(), names.end(), kind); named != names.end()) {
      pattern += "(?:\\" + std::to_string(named - names.begin() + 1) + ")";  // named earlier in the same answer
      continue;
    }
    const auto shape = shapes().find(kind);
    if (shape == shapes().end()) return false;
    pattern += "(" + shape->second + ")";
    names.push_back((*it)[2]);
  }
  pattern += quote(std::string(rest, text.cend()));
  std::smatch found;
  if (!std::regex_match(actual, found, std::regex(pattern))) return false;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) bindings[names[i]] = found[i + 1];
  }
  return true;
}

std::string printed(const Response& response) {
  std::string out = std::to_string(response.status) + "\n";
  for (const auto& [name, value] : response.headers) out += name + ": " + value + "\n";
  if (!response.body.empty()) out += "\n" + response.body + "\n";
  return out;
}

std::string authorization(const ApiFixture& hub, const std::string& who) {
  if (!who.starts_with("device ")) return hub.token(who);
  const std::string id = who.substr(7);
  const size_t slash = std::min(id.find('/'), id.size());
  return hub.device_token({id.substr(0, slash), id.substr(std::min(slash + 1, id.size()))});
}

Response play(ApiFixture& hub, const Exchange& exchange, const Bindings& bindings) {
  net::HttpRequest request;
  const size_t space = exchange.request_line.find(' ');
  request.method = exchange.request_line.substr(0, space);
  request.target = substitute(exchange.request_line.substr(space + 1), bindings);
  std::string policy = "iothubowner";
  for (const auto& [name, value] : exchange.headers) {
    if (name == "Authorization") {
      policy = value;
    } else {
      request.headers.emplace_back(name, substitute(value, bindings));
    }
  }
  if (policy != "none") request.headers.emplace_back("Authorization", authorization(hub, policy));
  request.body = substitute(exchange.body, bindings);
  hub.shard.advance(1000);
  return hub.send(std::move(request));
}

TEST(HttpGolden, EveryConversation) {
  size_t exchanges = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NAVE_SOURCE_DIR "/test/golden/http")) {
    if (entry.path().extension() != ".txt") continue;
    ApiFixture hub;
    Bindings bindings;
    for (const Exchange& e : read_file(entry.path())) {
      ++exchanges;
      const std::string actual = printed(play(hub, e, bindings));
      EXPECT_TRUE(matches(e.expected, actual, bindings))
          << entry.path().filename() << ":" << e.line << ": " << e.request_line << "\nexpected:\n"
          << substitute(e.expected, bindings) << "actual:\n"
          << actual;
    }
  }
  EXPECT_GT(exchanges, 60U);  // the files were found
}

}  // namespace
}  // namespace nave::test
