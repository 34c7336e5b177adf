#include "hub/state/service.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "hub/state/record.h"

namespace nave::hub {
namespace {

constexpr std::string_view kConfigurations = "configurations/";  // where the last page begins
constexpr size_t kPageRows = 1000;
constexpr size_t kPageBytes = 1024 * 1024;

// Where a page begins: behind an identity, in one of the two scans.
struct Position {
  TwinScan::Kind kind = TwinScan::Kind::kDevices;
  IdentityKey after;
};

std::string text_of(const Position& p) {
  return (p.kind == TwinScan::Kind::kDevices ? "devices/" : "modules/") + p.after.text();
}

std::optional<Position> parse_position(std::string_view text) {
  Position out;
  if (text.empty()) return out;
  if (text.starts_with("modules/")) out.kind = TwinScan::Kind::kModules;
  if (!text.starts_with("devices/") && !text.starts_with("modules/")) return {};
  text.remove_prefix(sizeof "devices/" - 1);
  const size_t slash = text.find('/');
  out.after.device = std::string(text.substr(0, slash));
  if (slash != std::string_view::npos) out.after.module = std::string(text.substr(slash + 1));
  return out;
}

// Of equal priority the one that was created last wins, so the order matters and is kept.
HubResult<StatePage> configurations_page(const ConfigurationStore& store) {
  auto all = store.load_configurations();
  if (!all) return fail(Error(ErrorCode::kServiceUnavailable));
  std::stable_sort(all->begin(), all->end(),
                   [](const Configuration& a, const Configuration& b) { return a.created < b.created; });
  StatePage out;
  for (const Configuration& c : *all) out.lines += state_line(c) + "\n";
  return out;
}

}  // namespace

void StateService::export_page(std::string continuation, Executor& reply_on, PageReply reply) {
  worker_.post([this, continuation = std::move(continuation), &reply_on, reply = std::move(reply)]() mutable {
    reply_on.post([reply = std::move(reply), out = page(continuation)]() mutable { reply(std::move(out)); });
  });
}

HubResult<StatePage> StateService::page(const std::string& continuation) const {
  if (continuation == kConfigurations) return configurations_page(configuration_store_);
  const std::optional<Position> from = parse_position(continuation);
  if (!from) return fail(Error(ErrorCode::kArgumentInvalid, "The continuation is not one that was given"));
  StatePage out;
  if (continuation.empty()) {
    out.lines = state_line(StateHead()) + "\n";
    for (const auth::Policy& p : store_.load_policies()) out.lines += state_line(p) + "\n";
  }
  auto rows = scan_.scan_twins(from->kind, from->after, kPageRows, kPageBytes);
  if (!rows) return fail(Error(ErrorCode::kServiceUnavailable));
  for (const ScannedTwin& row : *rows) out.lines += state_line(row) + "\n";
  if (!rows->empty()) {
    out.continuation = text_of({from->kind, rows->back().identity.key});
  } else if (from->kind == TwinScan::Kind::kDevices) {
    out.continuation = text_of({TwinScan::Kind::kModules, {}});
  } else {
    out.continuation = kConfigurations;
  }
  return out;
}

struct StateService::Import {
  Executor& reply_on;
  ImportReply reply;
  StateImport result;
  size_t open = 1;  // replies that are still to come, and the reading of the lines

  // On the worker.
  void close(uint64_t line, const std::string& problem) {
    if (!problem.empty()) result.problems.push_back({line, problem});
    if (--open > 0) return;
    reply_on.post([reply = std::move(reply), result = std::move(result)]() mutable { reply(std::move(result)); });
  }
};

void StateService::import_lines(std::string lines, Executor& reply_on, ImportReply reply) {
  auto import = std::make_shared<Import>(Import{reply_on, std::move(reply), {}});
  worker_.post([this, import = std::move(import), lines = std::move(lines)] { start(import, lines); });
}

void StateService::start(std::shared_ptr<Import> import, std::string_view lines) {
  std::vector<auth::Policy> policies;
  uint64_t number = 0;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    ++number;
    if (line.empty()) continue;
    auto record = read_state_line(line);
    if (!record) {
      import->result.problems.push_back({number, record.error().message});
    } else if (auto* policy = std::get_if<auth::Policy>(&*record)) {
      policies.push_back(std::move(*policy));
    } else if (auto* row = std::get_if<ScannedTwin>(&*record)) {
      ++import->open;
      registry_.restore(std::move(row->identity), std::move(row->twin), worker_,
                        [import, number](HubResult<Registry::Written> written) {
                          if (!written) return import->close(number, written.error().message);
                          ++(written->created ? import->result.created : import->result.replaced);
                          import->close(number, "");
                        });
    } else if (auto* configuration = std::get_if<Configuration>(&*record)) {
      ++import->open;
      write(import, number, std::move(*configuration));
    }
  }
  if (!policies.empty()) {
    ++import->open;
    import->result.policies = policies.size();
    store_.save_policies(std::move(policies), worker_, [import](Result<void, StoreError> saved) {
      if (!saved) import->result.policies = 0;
      import->close(0, saved ? "" : "The policies could not be stored");
    });
  }
  import->close(0, "");
}

void StateService::write(const std::shared_ptr<Import>& import, uint64_t line, Configuration configuration) {
  const std::string id = configuration.id;
  // Both are worked off in the order of the calls.
  configurations_.remove(id, {IfMatch::Kind::kAny, "", false}, worker_, [](const HubResult<void>&) {});
  configurations_.put(std::move(configuration), {}, worker_, [import, line](HubResult<ConfigurationDocument> written) {
    if (!written) return import->close(line, written.error().message);
    ++import->result.configurations;
    import->close(line, "");
  });
}

}  // namespace nave::hub
