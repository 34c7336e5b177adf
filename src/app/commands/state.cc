// nave state: a whole hub in one file of JSON lines (docs/formats/state-lines.md).
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "app/commands/commands.h"
#include "app/commands/identity.h"
#include "app/commands/output.h"
#include "app/commands/progress.h"
#include "json/write.h"

namespace nave::app {
namespace {

constexpr const char* kPath = "/nave/state";
constexpr size_t kRequestBytes = 2 * 1024 * 1024;  // a longer line goes alone
constexpr size_t kRequestLines = 2000;

uint64_t identities_of(const Target& target) {
  const json::Value counts = answer_json(call_service(target, "GET", "/statistics/devices", "", ""));
  const json::Value* const total = counts.if_object()->find("totalDeviceCount");
  return total != nullptr ? static_cast<uint64_t>(total->to_int64().value_or(0)) : 0;
}

void write_pages(const Target& target, std::ostream& out) {
  Progress progress("devices and modules", identities_of(target));
  std::string from;
  uint64_t done = 0;
  do {
    const std::string path = kPath + (from.empty() ? "" : "?from=" + from);
    const ClientResponse page = call_service(target, "GET", path, "", "");
    out << page.body;
    if (!out) throw std::runtime_error("the file cannot be written");
    done += static_cast<uint64_t>(std::count(page.body.begin(), page.body.end(), '\n'));
    progress.show(done);
    const auto next = page.headers.find("x-nave-continuation");
    from = next == page.headers.end() ? "" : next->second;
  } while (!from.empty());
}

// What was done so far, over all requests.
struct Total {
  int64_t created = 0;
  int64_t replaced = 0;
  int64_t policies = 0;
  int64_t configurations = 0;
  json::Array problems;

  // `first_line` of the file is the first of the request.
  void add(const json::Value& answer, int64_t first_line) {
    const json::Object& o = *answer.if_object();
    created += o.find("created")->to_int64().value_or(0);
    replaced += o.find("replaced")->to_int64().value_or(0);
    policies += o.find("policies")->to_int64().value_or(0);
    configurations += o.find("configurations")->to_int64().value_or(0);
    for (const json::Value& v : *o.find("problems")->if_array()) {
      json::Object problem = *v.if_object();
      problem.set("line", problem.find("line")->to_int64().value_or(1) + first_line - 1);
      problems.emplace_back(std::move(problem));
    }
  }
  [[nodiscard]] json::Object document() const {
    json::Object out;
    out.append("created", created);
    out.append("replaced", replaced);
    out.append("policies", policies);
    out.append("configurations", configurations);
    out.append("problems", problems);
    return out;
  }
};

// The lines of the next request: at least one, if there is one.
std::string next_lines(std::istream& in, std::string& line, int64_t& count) {
  std::string out;
  count = 0;
  while ((!line.empty() || std::getline(in, line)) && (out.empty() || out.size() + line.size() < kRequestBytes) &&
         count < static_cast<int64_t>(kRequestLines)) {
    out += line + "\n";
    line.clear();
    ++count;
  }
  return out;
}

Total send_lines(const Target& target, std::istream& in, uint64_t bytes) {
  Progress progress("bytes", bytes);
  Total total;
  std::string line;
  int64_t count = 0;
  int64_t first = 1;
  uint64_t done = 0;
  for (std::string lines; !(lines = next_lines(in, line, count)).empty(); first += count) {
    total.add(answer_json(call_service(target, "POST", kPath, "", lines)), first);
    progress.show(done += lines.size());
  }
  return total;
}

}  // namespace

void state_export(const StateOptions& o) {
  const Target target = resolve_target(o.target);
  if (o.file == "-") return write_pages(target, std::cout);
  // Half an export must not look like a whole one, and it holds every key.
  const std::string unfinished = o.file + ".unfinished";
  const auto mask = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  {
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    if (!out) throw std::runtime_error("cannot write " + unfinished);
    std::filesystem::permissions(unfinished, mask);
    write_pages(target, out);
  }
  std::filesystem::rename(unfinished, o.file);
}

void state_import(const StateOptions& o) {
  const Target target = resolve_target(o.target);
  Total total;
  if (o.file == "-") {
    total = send_lines(target, std::cin, 0);
  } else {
    std::ifstream in(o.file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + o.file);
    total = send_lines(target, in, std::filesystem::file_size(o.file));
  }
  const size_t problems = total.problems.size();
  std::cout << shown(total.document(), o.output);
  if (total.policies > 0) std::cerr << "nave: the policies count when the hub is started the next time\n";
  if (problems > 0) throw std::runtime_error(std::to_string(problems) + " lines could not be imported");
}

}  // namespace nave::app
