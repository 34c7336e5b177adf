#include "hub/query/service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "hub/query/job_rows.h"
#include "hub/query/limits.h"
#include "hub/query/plan.h"
#include "hub/query/queried_twin.h"
#include "hub/query/token.h"
#include "hub/twin/render.h"
#include "query/evaluate.h"
#include "query/parser.h"
#include "query/rows.h"

namespace nave::hub {
namespace {

Error invalid(const std::string& why) {
  return {ErrorCode::kArgumentInvalid, "BadRequest: " + why};
}

std::string_view item_type(const query::Statement& s) {
  if (s.collection == query::Collection::kJobs) return "DeviceJob";
  return s.selects_all() ? "Twin" : "Raw";
}

}  // namespace

// One page in the making. Answers once; dropped, it says that the service is not available.
class QueryService::Run {
 public:
  Run(QueryService& service, QueryRequest request, Executor& reply_on, Reply reply)
      : service_(service),
        request_(std::move(request)),
        reply_on_(reply_on),
        reply_(std::move(reply)),
        deadline_ms_(service.clock_.steady_ms() + kQueryMsMax) {
    if (request_.page_rows == 0) request_.page_rows = kQueryPageRowsDefault;
    request_.page_rows = std::min(request_.page_rows, kQueryPageRowsMax);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run() {
    if (reply_) answer(fail(Error(ErrorCode::kServiceUnavailable)));
    --service_.open_;
  }

  HubResult<void> prepare() {
    auto statement = query::parse(request_.text);
    if (!statement) return fail(invalid(query::describe(statement.error(), request_.text)));
    statement_ = *std::move(statement);
    if (statement_.collection != query::Collection::kJobs) plan_ = make_plan(statement_, service_.store_.indexes());
    if (statement_.is_grouped()) groups_.emplace(statement_);
    if (!request_.continuation.empty()) {
      const auto position = read_token(request_.continuation, request_.text);
      if (!position) return fail(invalid("The continuation token is not one of this query"));
      position_ = *position;
    }
    if (!groups_) scanned_ = Scanned{position_.after.device, position_.after.module};
    if (statement_.collection == query::Collection::kJobs && service_.job_rows_ != nullptr) {
      job_page_.emplace(statement_, *service_.job_rows_, request_.page_rows, position_);
    }
    return {};
  }

  // Reads on; true: the page is made.
  HubResult<bool> step() {
    if (statement_.collection == query::Collection::kJobs) return step_jobs();
    // Whoever waited so long for a turn has gone.
    const int64_t now = service_.clock_.steady_ms();
    if (now >= deadline_ms_) return out_of_time();
    size_t turn = 0;
    bool page_made = false;
    const auto visit = [&](ScannedRow& row) {
      page_made = !take(row);
      if (page_made) return false;
      scanned_.assign(row);
      constexpr size_t kRowsBetweenLooks = 64;  // at the clock
      return ++turn < kQueryTurnRows &&
             (turn % kRowsBetweenLooks != 0 || service_.clock_.steady_ms() < now + kQueryTurnMs);
    };
    const auto all = service_.store_.scan({plan_.kind, scanned_.key(), plan_.written_only, plan_.match}, visit);
    if (!all) return fail(Error(ErrorCode::kServiceUnavailable));
    if (*all || page_made) return true;
    if (groups_ && groups_->bytes() > kQueryGroupsBytesMax) return fail(invalid("The query makes too many groups"));
    return service_.clock_.steady_ms() < deadline_ms_ ? HubResult<bool>(false) : out_of_time();
  }

  void finish() {
    if (job_page_) {
      rows_text_ = job_page_->text();
      position_ = job_page_->position();
      more_ = job_page_->has_more();
    } else if (groups_) {
      write_groups();
      more_ = position_.groups < groups_->size() && !top_is_reached();
    } else {
      position_.after = scanned_.key();
    }
    QueryPage page{"[" + std::move(rows_text_) + "]", item_type(statement_), {}};
    if (more_) page.continuation = write_token(position_, request_.text);
    answer(std::move(page));
  }

  void answer(HubResult<QueryPage> page) {
    (page ? service_.success_ : service_.failure_).add();
    if (page) service_.size_.add(page->body.size());
    reply_on_.post([reply = std::move(reply_), page = std::move(page)]() mutable { reply(std::move(page)); });
    reply_ = nullptr;
  }

 private:
  HubResult<bool> out_of_time() {
    if (groups_ || rows_ == 0) return fail(Error(ErrorCode::kGatewayTimeout, "The query takes too long"));
    more_ = true;  // a short page is better than none
    return true;
  }
  [[nodiscard]] bool top_is_reached() const { return statement_.top && position_.rows >= *statement_.top; }
  [[nodiscard]] bool page_is_full() const {
    return rows_ >= request_.page_rows || rows_text_.size() >= kQueryPageBytesMax;
  }
  void begin_row() {
    if (rows_++ > 0) rows_text_ += ',';
    ++position_.rows;
  }

  HubResult<bool> step_jobs() {
    if (!job_page_) return true;
    HubResult<bool> done = job_page_->step();
    if (!done || *done || service_.clock_.steady_ms() < deadline_ms_) return done;
    if (job_page_->rows() == 0) return fail(Error(ErrorCode::kGatewayTimeout, "The query takes too long"));
    return true;
  }

  // False: the page is made, and `row` is not in it.
  bool take(ScannedRow& row) {
    if (!groups_ && top_is_reached()) return false;
    const QueriedTwin document(row, service_.registry_);
    if (!query::matches(statement_, document)) return true;
    if (plan_.needs_identity) (void)row.identity();
    if (plan_.needs_twin) (void)row.twin();
    if (row.broken()) return true;
    if (groups_) {
      groups_->add(document);
      return true;
    }
    // Only now is it known that there is a next page.
    more_ = page_is_full();
    if (more_) return false;
    begin_row();
    if (statement_.selects_all()) {
      write_whole(row);
    } else {
      query::project(statement_, document, rows_text_);
    }
    return true;
  }

  void write_whole(ScannedRow& row) {
    const Identity& identity = *row.identity();
    const TwinText* stored = row.twin();
    const Twin twin = stored == nullptr ? fresh_twin(identity) : stored->to_twin();
    rows_text_ += service_twin_text(identity, service_.registry_.presence(identity), twin);
  }

  void write_groups() {
    while (position_.groups < groups_->size() && !top_is_reached() && !page_is_full()) {
      begin_row();
      groups_->write_row(position_.groups++, rows_text_);
    }
  }

  QueryService& service_;
  QueryRequest request_;
  Executor& reply_on_;
  Reply reply_;
  const int64_t deadline_ms_;
  query::Statement statement_;
  QueryPlan plan_;
  std::optional<query::Groups> groups_;
  std::optional<JobRowPage> job_page_;  // of devices.jobs
  QueryPosition position_;
  // The last that was looked at; its texts keep their room from row to row.
  struct Scanned {
    std::string device, module;
    void assign(const ScannedRow& row) {
      device.assign(row.device());
      module.assign(row.module());
    }
    [[nodiscard]] IdentityKey key() const { return {device, module}; }
  };
  Scanned scanned_;
  std::string rows_text_;
  size_t rows_ = 0;
  bool more_ = false;
};

QueryService::QueryService(const TwinScan& store, const Registry& registry, Executor& worker, const Clock& clock,
                           Metrics& metrics)
    : store_(store),
      registry_(registry),
      worker_(worker),
      clock_(clock),
      success_(metrics.counter("twinQueries_success", "Pages of queries that were answered")),
      failure_(metrics.counter("twinQueries_failure", "Pages of queries that were refused")),
      size_(metrics.counter("twinQueries_resultSize", "Bytes of all pages of queries")) {}

void QueryService::run(QueryRequest request, Executor& reply_on, Reply reply) {
  const bool too_many = ++open_ > kQueriesMax;
  auto run = std::make_unique<Run>(*this, std::move(request), reply_on, std::move(reply));
  if (too_many) return run->answer(fail(Error(ErrorCode::kThrottlingException)));
  if (auto ok = run->prepare(); !ok) return run->answer(fail(std::move(ok.error())));
  worker_.post([this, run = std::move(run)]() mutable { turn(std::move(run)); });
}

HubResult<json::Object> QueryService::explain(const std::string& text) const {
  auto statement = query::parse(text);
  if (!statement) return fail(invalid(query::describe(statement.error(), text)));
  if (statement->collection == query::Collection::kJobs) {
    json::Object out;
    out.append("collection", "devices.jobs");
    out.append("reads", "the rows of jobs");
    return out;
  }
  const QueryPlan plan = make_plan(*statement, store_.indexes());
  return hub::explain(plan, *statement, store_.indexes(), registry_.counts());
}

void QueryService::turn(std::unique_ptr<Run> run) {
  const HubResult<bool> done = run->step();
  if (!done) {
    run->answer(fail(done.error()));
  } else if (*done) {
    run->finish();
  } else {
    worker_.post([this, run = std::move(run)]() mutable { turn(std::move(run)); });
  }
}

}  // namespace nave::hub
