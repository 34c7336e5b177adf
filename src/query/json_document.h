// A JSON tree as a document.
#pragma once

#include <span>

#include "json/value.h"
#include "query/document.h"

namespace nave::query {

[[nodiscard]] Value value_of(const json::Value& v);
// nullptr: nothing is there.
[[nodiscard]] const json::Value* walk(const json::Value& root, std::span<const Step> steps);

// `root` outlives the document, and so do the texts that it finds.
class JsonDocument final : public Document {
 public:
  explicit JsonDocument(const json::Value& root) : root_(root) {}

  [[nodiscard]] Value find(const Path& path) const override;
  bool write(const Path& path, std::string& out) const override;
  bool any_of(const Path& path, const std::function<bool(const Value&)>& visit) const override;

 private:
  const json::Value& root_;
};

}  // namespace nave::query
