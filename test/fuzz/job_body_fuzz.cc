// The body of an order for a job, and the condition in it: what is accepted is answered as JSON that can be ordered
// again, with the same content.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "hub/job/render.h"
#include "hub/job/request.h"
#include "json/parse.h"
#include "query/parser.h"

using namespace nave;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto body = json::parse({reinterpret_cast<const char*>(data), size});
  if (!body || body->if_object() == nullptr) return 0;
  auto order = hub::read_job_order("j1", *body->if_object());
  if (!order) return 0;
  const UtcTime now = from_unix_ms(1'786'784'856'000);
  if (!hub::time_job_order(*order, now)) return 0;
  if (order->type == hub::JobType::kUpdateTwin) {
    NAVE_CHECK(hub::twin_input_of(*order).has_value(), "the twin change of an order does not read back");
  } else {
    const auto input = hub::method_input_of(*order);
    NAVE_CHECK(input && hub::check_method_input(*input), "the method of an order does not read back");
  }
  (void)query::parse_condition(order->condition);
  const hub::Job job{1, *order, {}};
  const auto answer = json::parse(hub::job_text(job, 0), {.bytes_max = 16 * 1024 * 1024});
  NAVE_CHECK(answer && answer->if_object() != nullptr, "a job is not answered as JSON");
  auto again = hub::read_job_order("j1", *answer->if_object());
  NAVE_CHECK(again && hub::time_job_order(*again, now), "a job cannot be ordered as it is answered");
  NAVE_CHECK(*again == *order, "a job that is ordered as it is answered is another one");
  return 0;
}
