#include "sim/checks/feedback_ledger.h"

#include <algorithm>
#include <optional>

namespace nave::sim {
namespace {

// The text behind "name": in one flat object without escapes.
std::string text_of(std::string_view object, std::string_view name) {
  const std::string quoted = '"' + std::string(name) + "\":\"";
  const size_t at = object.find(quoted);
  if (at == std::string_view::npos) return "";
  object.remove_prefix(at + quoted.size());
  return std::string(object.substr(0, object.find('"')));
}

}  // namespace

void FeedbackLedger::on_stored(const hub::Feedback& feedback) {
  scheduler_.note("feedback", feedback.message_id);
  const auto [at, is_new] = records_.try_emplace(feedback.message_id);
  scheduler_.expect(is_new, "two feedback records on one message");
  at->second.status = name_of(feedback.status);
  at->second.device = feedback.device;
  ++waiting_;
}

void FeedbackLedger::on_loaded(const std::vector<hub::StoredFeedback>& records) {
  for (const hub::StoredFeedback& r : records) {
    ids_[r.sequence] = r.feedback.message_id;
    Record& record = records_.at(r.feedback.message_id);
    scheduler_.expect(!record.hold.is_live(scheduler_.now()), "two receivers have one feedback record");
    record.hold.end();
    ++record.loads;
  }
}

void FeedbackLedger::on_removed(const std::vector<uint64_t>& sequences) {
  for (const uint64_t sequence : sequences) {
    Record& record = records_.at(ids_.at(sequence));
    scheduler_.expect(record.may_be_removed, "feedback is gone that nobody has settled");
    if (!record.removed) --waiting_;
    record.removed = true;
  }
}

void FeedbackLedger::on_restart() {
  for (auto& [id, record] : records_) record.hold.end();
}

FeedbackLedger::Batch FeedbackLedger::on_received(std::string_view json, const Hold& hold) {
  Batch batch;
  for (size_t at = json.find('{'); at != std::string_view::npos; at = json.find('{', at + 1)) {
    const std::string_view object = json.substr(at, json.find('}', at) - at);
    const std::string id = text_of(object, "originalMessageId");
    scheduler_.note("feedback received", id);
    const auto it = records_.find(id);
    if (it == records_.end()) {
      scheduler_.fail("feedback on something that has not happened");
      continue;
    }
    Record& record = it->second;
    scheduler_.expect(text_of(object, "statusCode") == record.status && text_of(object, "deviceId") == record.device,
                      "feedback that says something else than what happened");
    scheduler_.expect(++record.receipts <= record.loads, "feedback was received more often than it was handed out");
    record.hold = hold;
    batch.push_back(id);
  }
  scheduler_.expect(!batch.empty(), "a batch without feedback");
  received_ += batch.size();
  return batch;
}

void FeedbackLedger::begin_removal(const Batch& batch) {
  for (const std::string& id : batch) records_.at(id).may_be_removed = true;
}

// A batch is abandoned as a whole, and goes when one of its records was abandoned too often.
void FeedbackLedger::begin_abandon(const Batch& batch) {
  constexpr uint32_t kMost = 10;
  const bool one_too_many =
      std::ranges::count_if(batch, [this](const auto& id) { return ++records_.at(id).abandons >= kMost; }) > 0;
  if (one_too_many) begin_removal(batch);
  on_released(batch);
}

void FeedbackLedger::on_released(const Batch& batch) {
  for (const std::string& id : batch) records_.at(id).hold.end();
}

void FeedbackLedger::check_end() {
  for (const auto& [id, record] : records_) {
    scheduler_.expect(record.receipts > 0, "feedback that nobody has received");
    scheduler_.expect(record.removed, "feedback that is left over");
  }
}

}  // namespace nave::sim
