#include "base/function.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace nave {
namespace {

TEST(UniqueFunction, EmptyUntilGivenOne) {
  UniqueFunction<void()> f;
  EXPECT_FALSE(f);
  f = [] {};
  EXPECT_TRUE(f);
  f = nullptr;
  EXPECT_FALSE(f);
}

TEST(UniqueFunction, OwnsWhatCannotBeCopied) {
  UniqueFunction<int(int)> f = [p = std::make_unique<int>(40)](int x) { return *p + x; };
  EXPECT_EQ(f(2), 42);
  UniqueFunction<int(int)> g = std::move(f);
  EXPECT_EQ(g(3), 43);
}

TEST(UniqueFunction, DestroysItsTargetOnce) {
  const auto witness = std::make_shared<int>(1);
  {
    UniqueFunction<void()> f = [witness] {};
    EXPECT_EQ(witness.use_count(), 2);
    UniqueFunction<void()> g = std::move(f);
    EXPECT_EQ(witness.use_count(), 2);
    g = nullptr;
    EXPECT_EQ(witness.use_count(), 1);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(UniqueFunction, PassesMoveOnlyAndReferenceArguments) {
  UniqueFunction<size_t(std::unique_ptr<std::string>, int&)> f = [](std::unique_ptr<std::string> s, int& n) {
    n = 7;
    return s->size();
  };
  int n = 0;
  EXPECT_EQ(f(std::make_unique<std::string>("four"), n), 4U);
  EXPECT_EQ(n, 7);
}

TEST(UniqueFunction, MutableTargetsKeepTheirState) {
  UniqueFunction<int()> f = [n = 0]() mutable { return ++n; };
  EXPECT_EQ(f(), 1);
  EXPECT_EQ(f(), 2);
}

}  // namespace
}  // namespace nave
