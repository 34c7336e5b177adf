#include "wire/mqtt/packets.h"

#include "wire/mqtt/reader.h"

namespace nave::wire::mqtt {

bool FilterList::next(FilterRequest& out) {
  Reader reader(rest_);
  uint8_t qos = 0;
  if (!reader.counted(out.filter) || (with_qos_ && !reader.u8(qos))) return false;
  out.qos = static_cast<Qos>(qos);
  rest_ = reader.rest();
  return true;
}

}  // namespace nave::wire::mqtt
