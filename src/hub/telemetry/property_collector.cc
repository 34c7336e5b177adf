#include "hub/telemetry/property_collector.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/time.h"

namespace nave::hub {
namespace {

// Up to this many properties duplicates are found by looking at all; beyond it, by sorting once at the end, so that a
// hostile message with ten thousand names does not cost their square.
constexpr size_t kLinearSearchMax = 16;

}  // namespace

void PropertyCollector::begin(EventView& event) {
  event_ = &event;
  event.system.clear();
  event.application.clear();
  kept_.clear();
}

void PropertyCollector::set(SystemProperty name, std::optional<std::string_view> value) {
  auto& system = event_->system;
  const auto found = std::ranges::find(system, name, &SystemPropertyValue::name);
  if (!value) {
    if (found != system.end()) system.erase(found);
  } else if (found != system.end()) {
    found->value = *value;
  } else {
    system.push_back({name, *value});
  }
}

void PropertyCollector::add(std::string_view name, std::optional<std::string_view> value) {
  auto& application = event_->application;
  if (application.size() <= kLinearSearchMax) {
    const auto found = std::ranges::find(application, name, &ApplicationProperty::name);
    if (found != application.end()) {
      found->value = value;
      return;
    }
  }
  application.push_back({name, value});
}

void PropertyCollector::finish() {
  auto& application = event_->application;
  if (application.size() <= kLinearSearchMax) return;
  order_.resize(application.size());
  std::iota(order_.begin(), order_.end(), 0U);
  // Within one name the last comes first, which is the one that unique() leaves.
  std::ranges::sort(order_, [&](uint32_t a, uint32_t b) {
    const int by_name = application[a].name.compare(application[b].name);
    return by_name != 0 ? by_name < 0 : a > b;
  });
  const auto rest =
      std::ranges::unique(order_, [&](uint32_t a, uint32_t b) { return application[a].name == application[b].name; });
  order_.erase(rest.begin(), rest.end());
  std::ranges::sort(order_);
  for (size_t i = 0; i < order_.size(); ++i) application[i] = application[order_[i]];
  application.resize(order_.size());
}

void PropertyCollector::convert_expiry(std::string_view name) {
  const auto text = event_->find(SystemProperty::kAbsoluteExpiry);
  if (!text) return;
  if (const std::optional<UtcTime> time = parse_iso8601(*text)) {
    set(SystemProperty::kAbsoluteExpiry, keep(std::to_string(unix_ms(*time))));
  } else {
    set(SystemProperty::kAbsoluteExpiry, {});
    add(name, text);
  }
}

std::string_view PropertyCollector::keep(std::string text) {
  return kept_.emplace_back(std::move(text));
}

}  // namespace nave::hub
