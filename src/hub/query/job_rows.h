// A page of a query over devices.jobs in the making.
#pragma once

#include <string>

#include "hub/errors.h"
#include "hub/job/rows.h"
#include "hub/query/token.h"
#include "query/ast.h"

namespace nave::hub {

class JobRowPage {
 public:
  // Both outlive the page. `from`: where it begins, as the page before it said.
  JobRowPage(const query::Statement& statement, const JobRows& rows, size_t page_rows, const QueryPosition& from);

  // Reads on; true: the page is made.
  [[nodiscard]] HubResult<bool> step();

  // Once it is made, or to end it before that.
  [[nodiscard]] size_t rows() const { return count_; }
  [[nodiscard]] const std::string& text() const { return text_; }  // without the brackets of the array
  [[nodiscard]] bool has_more() const { return more_; }
  [[nodiscard]] QueryPosition position() const { return {at_.key, at_.number, given_}; }

 private:
  [[nodiscard]] bool take(const JobRowDocument& document);

  const query::Statement& statement_;
  const JobRows& rows_;
  const size_t page_rows_;
  const JobRowFilter filter_;
  JobRowPosition at_;   // the last that was looked at
  uint64_t given_ = 0;  // rows of all pages, for TOP
  std::string text_;
  size_t count_ = 0;
  bool more_ = true;
};

}  // namespace nave::hub
