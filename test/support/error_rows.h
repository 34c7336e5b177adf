// test/golden/errors/rows.jsonl, which script/error-pages writes from the table of errors: what each row must look like
// on every protocol. Unit tests hold it against what the fronts make; test/interop/errors.test.js feeds it to the SDKs.
#pragma once

#include <fstream>
#include <map>
#include <regex>
#include <string>

#include "hub/errors.h"
#include "json/parse.h"

namespace nave::test {

// By name; `source` is the folder of the repository.
inline std::map<std::string, json::Object> read_error_rows(const std::string& source) {
  std::map<std::string, json::Object> out;
  std::ifstream in(source + "/test/golden/errors/rows.jsonl");
  for (std::string line; std::getline(in, line);) {
    const json::Value value = json::parse(line).value();
    out.emplace(*value.if_object()->find("name")->if_string(), *value.if_object());
  }
  return out;
}

inline std::vector<hub::ErrorCode> every_error_code() {
  return {
#define NAVE_ERROR(name, code, http, amqp, mqtt, text) hub::ErrorCode::k##name,
#include "hub/errors.def"
#undef NAVE_ERROR
  };
}

// What differs each time becomes {tracking}, {time} and {guid}.
inline std::string with_placeholders(std::string text) {
  static const std::regex tracking("[0-9a-f]{32}-G:2-TimeStamp:[0-9/]{10} [0-9:]{8}");
  static const std::regex time("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\\.[0-9]+)?Z");
  static const std::regex guid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  text = std::regex_replace(text, tracking, "{tracking}");
  text = std::regex_replace(text, time, "{time}");
  return std::regex_replace(text, guid, "{guid}");
}

inline std::string text_at(const json::Object& object, const char* name) {
  const json::Value* const value = object.find(name);
  return value == nullptr || value->if_string() == nullptr ? "" : *value->if_string();
}

}  // namespace nave::test
