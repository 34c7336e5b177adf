#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "app/commands/pages.h"
#include "json/write.h"

namespace nave::app {

void run_query(const QueryOptions& o) {
  json::Object body;
  body.append("query", argument_text(o.query));
  const std::string text = json::to_text(std::move(body));
  std::cout << indented(all_pages(resolve_target(o.target), "POST", "/devices/query", text, o.top));
}

}  // namespace nave::app
