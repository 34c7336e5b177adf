// MessageView over any bytes: every section and every message of a batch can be walked.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "wire/amqp/message.h"
#include "wire/amqp/message_writer.h"

namespace {

using namespace nave::wire::amqp;

void walk(nave::ByteView bytes, int depth) {
  const auto view = MessageView::parse(bytes);
  if (!view) return;
  size_t entries = 0;
  for (const Item* map : {&view->delivery_annotations(), &view->message_annotations(), &view->application_properties(),
                          &view->footer()}) {
    for_each_entry(*map, [&](const Item& key, const Item& value) {
      entries += key.to_text().has_value() + value.to_text().has_value();
      return true;
    });
  }
  std::string scratch;
  NAVE_CHECK(view->data(scratch).size() <= bytes.size(), "a body is no longer than its message");
  (void)view->header();
  if (const auto properties = view->properties()) {
    std::string out;
    MessageWriter(out).properties(*properties);
    NAVE_CHECK(MessageView::parse(out).has_value(), "properties can be written back");
  }
  size_t parts = 0;
  view->for_each_data([&](nave::ByteView inner) {
    ++parts;
    if (depth < 2) walk(inner, depth + 1);
    return true;
  });
  NAVE_CHECK(parts == view->data_count(), "each Data section is visited");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  walk({reinterpret_cast<const char*>(data), size}, 0);
  return 0;
}
