#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace nave {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, PrometheusText) {
  Metrics metrics;
  Counter& ok = metrics.counter("connects", "Connects", "result=\"ok\"");
  metrics.gauge("depth", "Depth").set(-3);
  metrics.counter("connects", "Connects", "result=\"refused\"").add(2);
  metrics.gauge_function("asked", "Asked", [] { return int64_t{42}; });
  ok.add();
  EXPECT_EQ(metrics.prometheus_text(),
            "# HELP asked Asked\n# TYPE asked gauge\nasked 42\n"
            "# HELP connects Connects\n# TYPE connects counter\n"
            "connects{result=\"ok\"} 1\nconnects{result=\"refused\"} 2\n"
            "# HELP depth Depth\n# TYPE depth gauge\ndepth -3\n");
}

TEST(Metrics, SameNameAndLabelsAreOneMetric) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("a", "help"), &metrics.counter("a", "help"));
  EXPECT_NE(&metrics.counter("a", "help"), &metrics.counter("a", "help", "x=\"1\""));
}

TEST(Metrics, HistogramBucketsAtTheirEdges) {
  Histogram h;
  h.observe_us(0);
  h.observe_us(16);
  h.observe_us(17);
  h.observe_us(32);
  h.observe_us(UINT32_MAX);
  EXPECT_EQ(h.bucket(0), 2U);
  EXPECT_EQ(h.bucket(1), 2U);
  EXPECT_EQ(h.bucket(Histogram::kBuckets - 1), 1U);
  EXPECT_EQ(h.count(), 5U);
  EXPECT_EQ(h.sum_us(), 65 + uint64_t{UINT32_MAX});
  EXPECT_EQ(Histogram::upper_us(0), 16U);
  EXPECT_EQ(Histogram::upper_us(19), 8'388'608U);
}

TEST(Metrics, HistogramTextIsCumulative) {
  Metrics metrics;
  Histogram& h = metrics.histogram("took_seconds", "Time", "op=\"x\"");
  h.observe_us(10);
  h.observe_us(20);
  h.observe_us(60'000'000);
  const std::string text = metrics.prometheus_text();
  EXPECT_THAT(text, HasSubstr("# TYPE took_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{op=\"x\",le=\"0.000016\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{op=\"x\",le=\"0.000032\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{op=\"x\",le=\"4.194304\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_bucket{op=\"x\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_sum{op=\"x\"} 60.000030\n"));
  EXPECT_THAT(text, HasSubstr("took_seconds_count{op=\"x\"} 3\n"));
}

TEST(Metrics, ThreadsMayRegisterAndCount) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 1000; ++i) metrics.counter("shared", "help").add();
      metrics.gauge("own", "help", "t=\"" + std::to_string(t) + "\"").add(1);
      (void)metrics.prometheus_text();
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(metrics.counter("shared", "help").value(), 4000U);
}

}  // namespace
}  // namespace nave
