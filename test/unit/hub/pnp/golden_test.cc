// Runs the stories of test/golden/digital_twin. A file is a sequence of steps on one twin, which is fresh at the
// beginning:
//
//   >>> PATCH          a JSON Patch of the digital twin; also DESIRE (merged into the desired properties), REPORT (into
//   […]                the reported ones) and MODEL (the model id, as a JSON text)
//   <<< notify {…}     what a subscribed device is told, "nothing" if it is told nothing; or an error: "400505 text"
//   twin {…}           the digital twin afterwards
//
// Lines that are left out are not compared. Step n happens at n seconds past noon; "@n" stands for that time.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "hub/pnp/document.h"
#include "hub/pnp/patch.h"
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
    identity_.key = {"d1", ""};
    identity_.generation_id = std::to_string(dotnet_ticks(from_unix_ms(kNoonMs)));
    twin_ = fresh_twin(identity_);
  }

  // "notify …", "nothing" or an error.
  std::string step(const std::string& command, const std::string& body) {
    ++steps_;
    const auto parsed = json::parse(body);
    if (!parsed) return "the body is not JSON";
    if (command == "MODEL") {
      twin_.model_id = *parsed->if_string();
      return "nothing";
    }
    if (command == "REPORT") {
      const auto version = patch_reported(twin_, *parsed->if_object(), {}, now());
      return version ? "nothing" : shown(version.error());
    }
    const Twin before = twin_;
    const auto input = command == "PATCH" ? patch_of(*parsed) : desire_of(*parsed->if_object());
    if (!input) {
      EXPECT_EQ(twin_, before);
      return shown(input.error());
    }
    const auto change = patch_twin(twin_, *input, now());
    if (!change) return shown(change.error());
    return *change ? "notify " + (*change)->body : "nothing";
  }
  [[nodiscard]] std::string twin() const { return "twin " + digital_twin_text(identity_, twin_).value_or("damaged"); }

 private:
  [[nodiscard]] UtcTime now() const { return from_unix_ms(kNoonMs + 1000 * steps_); }
  static std::string shown(const Error& e) { return std::to_string(row(e.code).code) + " " + e.message; }
  HubResult<TwinInput> patch_of(const json::Value& body) const {
    const auto patch = read_digital_twin_patch(body);
    if (!patch) return fail(patch.error());
    return apply_digital_twin_patch(*patch, twin_);
  }
  static HubResult<TwinInput> desire_of(const json::Object& body) {
    TwinInput out;
    out.desired = body;
    return out;
  }

  Identity identity_;
  Twin twin_;
  int steps_ = 0;
};

std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && !line.starts_with('#')) out.push_back(line);
  }
  return out;
}

std::string with_times(std::string text) {
  for (int n = 40; n >= 0; --n) {
    replace_all(text, "\"@" + std::to_string(n) + "\"",
                "\"" + format_iso8601(from_unix_ms(kNoonMs + int64_t{1000} * n)) + "\"");
  }
  return text;
}

void play(const std::filesystem::path& file, size_t& steps) {
  const std::vector<std::string> lines = read_lines(file);
  Story story;
  for (size_t i = 0; i < lines.size();) {
    ASSERT_TRUE(lines[i].starts_with(">>> ")) << file << ": " << lines[i];
    const std::string command = lines[i++].substr(4);
    std::string body;
    while (i < lines.size() && !lines[i].starts_with(">>> ") && !lines[i].starts_with("<<< ")) body += lines[i++];
    const std::string said = story.step(command, body);
    ++steps;
    const std::string where = file.filename().string() + ", step " + std::to_string(steps) + ": " + command + body;
    if (i < lines.size() && lines[i].starts_with("<<< ")) {
      EXPECT_EQ(said, lines[i++].substr(4)) << where;
    } else {
      EXPECT_TRUE(said.starts_with("notify") || said == "nothing") << where << "\n" << said;
    }
    if (i < lines.size() && lines[i].starts_with("twin ")) {
      EXPECT_EQ(story.twin(), with_times(lines[i++])) << where;
    }
  }
}

TEST(DigitalTwinGolden, EveryStory) {
  size_t steps = 0;
  for (const auto& entry : std::filesystem::directory_iterator(NAVE_SOURCE_DIR "/test/golden/digital_twin")) {
    if (entry.path().extension() == ".txt") play(entry.path(), steps);
  }
  EXPECT_GT(steps, 40U);  // the files were found
}

}  // namespace
}  // namespace nave::hub
