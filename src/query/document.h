// What a query is evaluated over, without saying how it is stored.
#pragma once

#include <functional>
#include <string>

#include "query/path.h"
#include "query/value.h"

namespace nave::query {

class Document {
 public:
  virtual ~Document() = default;

  // Undefined if nothing is there. The value's text lives as long as the document. `path` is resolved and known.
  [[nodiscard]] virtual Value find(const Path& path) const = 0;
  // Appends the JSON text of what stands there, numbers as they were written; false: nothing is there.
  virtual bool write(const Path& path, std::string& out) const = 0;
  // Calls `visit` with each element of the array at `path` until it returns true, and returns whether it did.
  virtual bool any_of(const Path& path, const std::function<bool(const Value&)>& visit) const = 0;
};

}  // namespace nave::query
