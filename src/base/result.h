// Result<T, E>: a value or an expected failure. Expected outcomes are values here; exceptions are only for start-up
// problems that end in main, and NAVE_CHECK (check.h) is for broken invariants.
//
// g++ 12 has std::expected only under -std=c++23, so this is an alias of tl::expected with the same interface.
#pragma once

#include <tl/expected.hpp>

namespace nave {

template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
[[nodiscard]] auto fail(E&& error) {
  return tl::unexpected<std::decay_t<E>>(std::forward<E>(error));
}

}  // namespace nave
