// The modes.
#pragma once

#include "bench/load/options.h"

namespace nave::bench {

int run_publish(const Options& options);
int run_connect(const Options& options);
int run_idle(const Options& options);
int run_twin_get(const Options& options);
int run_twin_patch(const Options& options);
int run_method(const Options& options);
int run_c2d(const Options& options);
int run_amqp_telemetry(const Options& options);
int run_bulk(const Options& options);

}  // namespace nave::bench
