// Waits for a store's reply: start-up is the one place where the program may block on storage.
#pragma once

#include <future>
#include <stdexcept>
#include <string>

#include "hub/ports.h"

namespace nave::app {

class InlineExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> f) override { f(); }
};

// Calls `start(executor, reply)` and returns what the reply was given.
template <class Start>
[[nodiscard]] Result<void, hub::StoreError> await_store(Start start) {
  InlineExecutor executor;
  auto promise = std::make_shared<std::promise<Result<void, hub::StoreError>>>();
  auto future = promise->get_future();
  start(executor, [promise](Result<void, hub::StoreError> result) { promise->set_value(result); });
  return future.get();
}

// As above, and throws std::runtime_error("cannot store <what>") on failure.
template <class Start>
void must_store(const std::string& what, Start start) {
  if (!await_store(std::move(start))) throw std::runtime_error("cannot store " + what);
}

}  // namespace nave::app
