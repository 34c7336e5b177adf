// NAVE_CHECK: an invariant whose violation must end the process, in every build.
#pragma once

#include <cstdio>
#include <cstdlib>

#define NAVE_CHECK(condition, message)                                                                     \
  do {                                                                                                     \
    if (!(condition)) [[unlikely]] {                                                                       \
      std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", __FILE__, __LINE__, message, #condition); \
      std::abort();                                                                                        \
    }                                                                                                      \
  } while (false)
