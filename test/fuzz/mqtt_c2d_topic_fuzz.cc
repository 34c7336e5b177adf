// Any properties as the topic of a cloud-to-device message: it keeps the rules that clients' parsers rely on, and our
// own decoder reads every property back.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/url.h"
#include "front/mqtt/c2d_topic.h"
#include "front/mqtt/property_bag.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nave;
  const std::string bag(reinterpret_cast<const char*>(data), size);
  if (!is_valid_utf8(bag)) return 0;
  front::mqtt::PropertyBagDecoder decoder;
  hub::EventView message;
  decoder.decode(bag, message);

  std::string topic;
  front::mqtt::append_c2d_topic(topic, {"dev-1", ""}, message);
  constexpr std::string_view kPrefix = "devices/dev-1/messages/devicebound/";
  NAVE_CHECK(topic.starts_with(std::string(kPrefix) + "%24."), "a system key comes first");
  const std::string_view sent = std::string_view(topic).substr(kPrefix.size());
  NAVE_CHECK(sent.find_first_of("/+# ") == std::string_view::npos, "one segment, no wildcards");
  NAVE_CHECK(sent.find("=&") == std::string_view::npos && !sent.ends_with('='), "no empty values");
  NAVE_CHECK(std::ranges::count(sent, '=') == std::ranges::count(sent, '&') + 1, "pairs only");

  front::mqtt::PropertyBagDecoder reader;
  hub::EventView read;
  reader.decode(sent, read);
  for (const auto& p : read.application) {
    const auto same = [&](const hub::ApplicationProperty& m) { return m.name == p.name && m.value == p.value; };
    NAVE_CHECK(std::ranges::any_of(message.application, same), "nothing is invented");
  }
  for (const auto& p : read.system) {
    const auto original = message.find(p.name);
    const bool own = p.name == hub::SystemProperty::kTo || p.name == hub::SystemProperty::kAbsoluteExpiry;
    NAVE_CHECK(own || original == p.value, "system properties arrive as they were");
  }
  return 0;
}
