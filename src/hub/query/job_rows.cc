#include "hub/query/job_rows.h"

#include "hub/query/limits.h"
#include "json/write.h"
#include "query/evaluate.h"
#include "query/json_document.h"

namespace nave::hub {

JobRowPage::JobRowPage(const query::Statement& statement, const JobRows& rows, size_t page_rows,
                       const QueryPosition& from)
    : statement_(statement),
      rows_(rows),
      page_rows_(page_rows),
      filter_(job_row_filter_of(statement)),
      at_{from.groups, from.after},
      given_(from.rows) {}

HubResult<bool> JobRowPage::step() {
  const auto batch = rows_.next(filter_, at_);
  if (!batch) {
    rows_.count(false);
    return fail(Error(ErrorCode::kServiceUnavailable));
  }
  bool full = false;
  for (const JobRowDocument& document : batch->documents) {
    full = !take(document);
    if (full) break;
    at_ = document.at;
  }
  if (!full) {
    at_ = batch->to;
    if (!batch->end) return false;
    more_ = false;
  }
  rows_.count(true);
  return true;
}

// False: the page is made, and the document is not in it.
bool JobRowPage::take(const JobRowDocument& document) {
  if (statement_.top && given_ >= *statement_.top) {
    more_ = false;
    return false;
  }
  if (!query::matches(statement_, query::JsonDocument(document.value))) return true;
  if (count_ >= page_rows_ || text_.size() >= kQueryPageBytesMax) return false;
  if (count_++ > 0) text_ += ',';
  ++given_;
  json::write(document.value, text_);
  return true;
}

}  // namespace nave::hub
