#include <iostream>

#include "app/commands/commands.h"
#include "app/commands/output.h"
#include "app/commands/pages.h"
#include "json/parse.h"
#include "json/write.h"

namespace nave::app {

void run_query(const QueryOptions& o) {
  const Target target = resolve_target(o.target);
  json::Object body;
  body.append("query", argument_text(o.query));
  const std::string text = json::to_text(std::move(body));
  if (o.explain) {
    const ClientResponse plan = call_service(target, "POST", "/devices/query/explain", "", text);
    std::cout << shown(json::parse(plan.body).value_or(json::Value()), o.output);
    return;
  }
  std::cout << shown(all_pages(target, "POST", "/devices/query", text, o.top), o.output);
}

}  // namespace nave::app
