// Runs the stories of test/golden/twin. A file is a sequence of steps on one twin, which is fresh at the beginning:
//
//   >>> PATCH                      also PUT (service), REPORT or "REPORT base=3" (device); the JSON body follows
//   {"tags":{"a":1}}
//   <<< etag=2 version=3           N and the twin's version; or an error: "400004 text"
//   tags {"a":1}                   then what differs from the step before, in this order:
//   desired {…} $version=2         tags, desired, desired-metadata, reported, reported-metadata
//   notify {…}                     what a subscribed device is told
//   device {…}                     what a device reads, always last if given
//
// Step n happens at n seconds past noon; in metadata "@n" stands for that time and "@0" for the creation.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "hub/twin/change.h"
#include "hub/twin/render.h"
#include "json/parse.h"

namespace nave::hub {
namespace {

constexpr int64_t kNoonMs = 1'786'795'200'000;  // 2026-08-15T12:00:00Z

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

class Story {
 public:
  Story() {
    Identity identity;
    identity.generation_id = std::to_string(dotnet_ticks(from_unix_ms(kNoonMs)));
    twin_ = fresh_twin(identity);
  }

  // What the step did, as the files write it.
  std::string step(const std::string& command, const std::string& body) {
    ++steps_;
    const Twin before = twin_;
    const auto parsed = json::parse(body);
    if (!parsed || parsed->if_object() == nullptr) return "the body is no object\n";
    std::string notify;
    if (const auto error = apply(command, *parsed->if_object(), notify); !error.empty()) {
      EXPECT_EQ(twin_, before) << "an error changes nothing";
      return error + "\n";
    }
    return describe(before) + notify;
  }
  [[nodiscard]] std::string device() const { return "device " + device_twin_text(twin_) + "\n"; }

 private:
  std::string apply(const std::string& command, const json::Object& body, std::string& notify) {
    const UtcTime now = from_unix_ms(kNoonMs + 1000 * steps_);
    if (command.starts_with("REPORT")) {
      std::optional<int64_t> base;
      if (const size_t at = command.find("base="); at != std::string::npos) base = std::stoll(command.substr(at + 5));
      const auto version = patch_reported(twin_, body, base, now);
      return version ? "" : text(version.error());
    }
    const auto input = read_twin_input(body);
    if (!input) return text(input.error());
    const auto change = command == "PUT" ? replace_twin(twin_, *input, now) : patch_twin(twin_, *input, now);
    if (!change) return text(change.error());
    if (*change) {
      EXPECT_EQ((*change)->version, twin_.desired.version);
      notify = "notify " + (*change)->body + "\n";
    }
    return "";
  }

  static std::string text(const Error& error) { return std::to_string(row(error.code).code) + " " + error.message; }

  std::string describe(const Twin& before) {
    std::string out = "etag=" + std::to_string(twin_.changes) +
                      " version=" + std::to_string(twin_.changes + twin_.reported.version) + "\n";
    if (twin_.tags != before.tags) out += "tags " + twin_.tags + "\n";
    add(out, "desired", twin_.desired, before.desired);
    add(out, "reported", twin_.reported, before.reported);
    return out;
  }
  void add(std::string& out, const std::string& name, const TwinSection& now, const TwinSection& before) const {
    if (now.values != before.values || now.version != before.version) {
      out += name + " " + now.values + " $version=" + std::to_string(now.version) + "\n";
    }
    if (now.metadata == before.metadata) return;
    std::string metadata = now.metadata;
    for (int i = steps_; i >= 0; --i) {
      replace_all(metadata, "\"" + format_iso8601(from_unix_ms(kNoonMs + 1000 * i)) + "\"", "@" + std::to_string(i));
    }
    replace_all(metadata, "\"$lastUpdated\":", "");
    replace_all(metadata, ",\"$lastUpdatedVersion\":", " v");
    out += name + "-metadata " + metadata + "\n";
  }

  Twin twin_;
  int steps_ = 0;
};

void play(const std::filesystem::path& file, size_t& steps) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('#') && !line.empty()) lines.push_back(line);
  }
  Story story;
  for (size_t i = 0; i < lines.size();) {
    ASSERT_TRUE(lines[i].starts_with(">>> ")) << file << ": " << lines[i];
    const std::string command = lines[i++].substr(4);
    std::string body;
    while (i < lines.size() && !lines[i].starts_with("<<< ")) body += lines[i++];
    std::string expected;
    for (; i < lines.size() && !lines[i].starts_with(">>> "); ++i) {
      expected += (lines[i].starts_with("<<< ") ? lines[i].substr(4) : lines[i]) + "\n";
    }
    std::string actual = story.step(command, body);
    if (expected.find("\ndevice ") != std::string::npos) actual += story.device();
    EXPECT_EQ(actual, expected) << file.filename() << ", step " << ++steps << ": " << command << " " << body;
  }
}

TEST(TwinGolden, EveryStory) {
  size_t steps = 0;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(NAVE_SOURCE_DIR "/test/golden/twin")) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  EXPECT_GE(files.size(), 5U);
  for (const auto& file : files) play(file, steps);
}

}  // namespace
}  // namespace nave::hub
