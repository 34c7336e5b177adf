#include "hub/device/bulk.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace nave::hub {
namespace {

bool is_conditional(ImportMode mode) {
  return mode == ImportMode::kUpdateIfMatchEtag || mode == ImportMode::kCreateOrUpdateIfMatchEtag ||
         mode == ImportMode::kDeleteIfMatchEtag || mode == ImportMode::kUpdateTwinIfMatchEtag;
}

Error etag_missing() {
  return {ErrorCode::kPreconditionFailed, "Etag missing"};
}

IfMatch any() {
  IfMatch out;
  out.kind = IfMatch::Kind::kAny;
  return out;
}

// Nobody sends a twin's etag without meaning it, so one without quotes counts here.
IfMatch twin_condition(const std::optional<std::string>& etag) {
  IfMatch out = parse_if_match(etag);
  out.quoted = true;
  return out;
}

Registry::Write write_of(BulkItem& item) {
  Registry::Write out{item.key, std::move(item.input), any()};
  switch (item.mode) {
    case ImportMode::kCreate:
      out.if_match.kind = IfMatch::Kind::kAbsent;
      break;
    case ImportMode::kUpdate:
      return out;
    case ImportMode::kUpdateIfMatchEtag:
      out.if_match = parse_if_match(item.etag);
      return out;
    case ImportMode::kCreateOrUpdateIfMatchEtag:
      out.if_match = parse_if_match(item.etag);
      out.upserts = out.if_match.kind != IfMatch::Kind::kAbsent;  // nothing to match: it may only create
      break;
    default:
      out.upserts = true;
  }
  out.initial_twin = item.twin;
  return out;
}

}  // namespace

// On its executor's thread only.
struct BulkRegistry::Batch {
  std::vector<BulkItem> items;
  std::vector<BulkOutcome> outcomes;
  std::vector<size_t> order;  // of the items, those of one device side by side
  size_t open_chains = 0;
  Executor& reply_on;
  Reply reply;
};

// The items of one device: order[at] … order[end − 1] are still to be done.
struct BulkRegistry::Chain {
  size_t at = 0;
  size_t end = 0;
};

void BulkRegistry::run(std::vector<BulkItem> items, Executor& reply_on, Reply reply) {
  if (items.empty()) {
    reply_on.post([reply = std::move(reply)]() mutable { reply({}); });
    return;
  }
  auto batch = std::make_shared<Batch>(Batch{std::move(items), {}, {}, 0, reply_on, std::move(reply)});
  batch->order.resize(batch->items.size());
  std::iota(batch->order.begin(), batch->order.end(), size_t{0});
  std::stable_sort(batch->order.begin(), batch->order.end(),
                   [&all = batch->items](size_t a, size_t b) { return all[a].key.device < all[b].key.device; });
  batch->outcomes.resize(batch->items.size());
  std::vector<Chain> chains;
  for (size_t i = 0; i < batch->order.size(); ++i) {
    const BulkItem& item = batch->items[batch->order[i]];
    batch->outcomes[batch->order[i]].key = item.key;
    const bool same = i > 0 && batch->items[batch->order[i - 1]].key.device == item.key.device;
    if (!same) chains.push_back({i, i});
    chains.back().end = i + 1;
  }
  batch->open_chains = chains.size();
  std::ranges::sort(chains, {}, [&batch](const Chain& c) { return batch->order[c.at]; });  // who came first
  for (const Chain& chain : chains) step(batch, chain);
}

void BulkRegistry::step(const std::shared_ptr<Batch>& batch, Chain chain) {
  const BulkItem& item = batch->items[batch->order[chain.at]];
  switch (item.mode) {
    case ImportMode::kDelete:
    case ImportMode::kDeleteIfMatchEtag:
      return remove(batch, chain);
    case ImportMode::kUpdateTwin:
    case ImportMode::kUpdateTwinIfMatchEtag:
      return patch_twin(batch, chain);
    default:
      return write(batch, chain);
  }
}

void BulkRegistry::write(const std::shared_ptr<Batch>& batch, Chain chain) {
  BulkItem& item = batch->items[batch->order[chain.at]];
  if (item.mode == ImportMode::kUpdateIfMatchEtag && parse_if_match(item.etag).kind == IfMatch::Kind::kAbsent) {
    batch->reply_on.post([this, batch, chain] { done(batch, chain, etag_missing()); });
    return;
  }
  registry_.write(write_of(item), batch->reply_on, [this, batch, chain](HubResult<Registry::Written> written) {
    if (!written) return done(batch, chain, std::move(written.error()));
    if (written->created) return done(batch, chain, {});
    replace_sections(batch, chain, written->identity);
  });
}

void BulkRegistry::remove(const std::shared_ptr<Batch>& batch, Chain chain) {
  const BulkItem& item = batch->items[batch->order[chain.at]];
  IfMatch if_match = is_conditional(item.mode) ? parse_if_match(item.etag) : any();
  registry_.remove(item.key, std::move(if_match), batch->reply_on, [this, batch, chain](HubResult<void> removed) {
    done(batch, chain, removed ? std::nullopt : std::optional<Error>(std::move(removed.error())));
  });
}

void BulkRegistry::patch_twin(const std::shared_ptr<Batch>& batch, Chain chain) {
  BulkItem& item = batch->items[batch->order[chain.at]];
  TwinService::ServiceWrite write{std::move(item.twin).value_or(TwinInput()), any()};
  if (is_conditional(item.mode)) {
    write.if_match = twin_condition(item.twin_etag);
    if (write.if_match.kind == IfMatch::Kind::kAbsent) {
      batch->reply_on.post([this, batch, chain] { done(batch, chain, etag_missing()); });
      return;
    }
  }
  twins_.patch(item.key, std::move(write), batch->reply_on, [this, batch, chain](HubResult<TwinDocument> twin) {
    done(batch, chain, twin ? std::nullopt : std::optional<Error>(std::move(twin.error())));
  });
}

// A create… met an identity that was there.
void BulkRegistry::replace_sections(const std::shared_ptr<Batch>& batch, Chain chain, const Identity& identity) {
  BulkItem& item = batch->items[batch->order[chain.at]];
  const bool creates = item.mode == ImportMode::kCreateOrUpdate || item.mode == ImportMode::kCreateOrUpdateIfMatchEtag;
  if (!item.twin || !creates) return done(batch, chain, {});
  TwinService::ServiceWrite write{*std::move(item.twin), twin_condition(item.twin_etag)};
  write.input.clears_tags = write.input.clears_tags || write.input.tags.has_value();
  write.input.clears_desired = true;
  twins_.patch(identity.key, std::move(write), batch->reply_on, [this, batch, chain](HubResult<TwinDocument> twin) {
    if (!twin && twin.error().code == ErrorCode::kServiceUnavailable) {
      BulkOutcome& outcome = batch->outcomes[batch->order[chain.at]];
      outcome.warning = BulkWarning{"DeviceRegisteredWithoutTwin",
                                    "The identity was written, its twin could not be: " + twin.error().message};
      return done(batch, chain, {});
    }
    done(batch, chain, twin ? std::nullopt : std::optional<Error>(std::move(twin.error())));
  });
}

void BulkRegistry::done(const std::shared_ptr<Batch>& batch, Chain chain, std::optional<Error> error) {
  batch->outcomes[batch->order[chain.at]].error = std::move(error);
  if (++chain.at < chain.end) return step(batch, chain);
  if (--batch->open_chains == 0) batch->reply(std::move(batch->outcomes));
}

ErrorCode bulk_error_code(ErrorCode code) {
  using enum ErrorCode;
  constexpr ErrorCode kKnown[] = {kDeviceAlreadyExists,
                                  kDeviceNotFound,
                                  kModuleNotFound,
                                  kPreconditionFailed,
                                  kArgumentInvalid,
                                  kArgumentNull,
                                  kTooManyDevices,
                                  kTooManyModulesOnDevice,
                                  kModuleAlreadyExistsOnDevice,
                                  kThrottlingException,
                                  kServerError};
  if (std::ranges::find(kKnown, code) != std::end(kKnown)) return code;
  return row(code).http_status < 500 ? kArgumentInvalid : kServerError;
}

}  // namespace nave::hub
