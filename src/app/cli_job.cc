// nave job: flags and verbs are named after those of `az iot hub job`.
#include "app/cli_verbs.h"

namespace nave::app {
namespace {

void add_job_id(CLI::App* verb, JobOptions& o) {
  verb->add_option("--job-id,--jid,job", o.job, "Job id")->required();
}

void add_create(CLI::App* verb, JobOptions& o) {
  verb->add_option("--job-type,--jt", o.type, "scheduleUpdateTwin or scheduleDeviceMethod")
      ->check(CLI::IsMember({"scheduleUpdateTwin", "scheduleDeviceMethod"}))
      ->required();
  verb->add_option("--query-condition,-q", o.condition, "What stands behind WHERE in a query over twins, or @file")
      ->required();
  verb->add_option("--twin-patch,--patch", o.twin_patch, "JSON object with tags and properties.desired, or @file");
  verb->add_option("--method-name,--mn", o.method_name, "Name of the method");
  verb->add_option("--method-payload,--mp", o.method_payload, "JSON, or @file");
  verb->add_option("--method-connect-timeout,--mct", o.method_connect_timeout_s,
                   "Seconds to wait for a device that is not connected");
  verb->add_option("--method-response-timeout,--mrt", o.method_response_timeout_s,
                   "Seconds for the whole call, 5 to 300");
  verb->add_option("--start-time,--start", o.start, "ISO 8601; now without it");
  verb->add_option("--ttl", o.ttl_s, "Seconds that the job may take")->check(CLI::Range(1, 30 * 24 * 3600));
  verb->add_flag("--wait", o.wait, "Return when the job has ended");
  verb->add_option("--poll-interval,--interval", o.poll_interval_s, "Seconds between looks at it, with --wait")
      ->check(CLI::Range(0.1, 3600.0));
  verb->callback([&o] { job_create(o); });
}

}  // namespace

void add_job(CLI::App& app, JobOptions& o) {
  CLI::App* job = app.add_subcommand("job", "Change twins and call methods of many devices")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    CLI::App* v = job->add_subcommand(name, help);
    add_target(v, o.target);
    add_output(v, o.output);
    return v;
  };
  CLI::App* create = verb("create", "Order a job");
  add_job_id(create, o);
  add_create(create, o);
  CLI::App* show = verb("show", "Show a job");
  add_job_id(show, o);
  show->callback([&o] { job_show(o); });
  CLI::App* cancel = verb("cancel", "Cancel a job that has not begun");
  add_job_id(cancel, o);
  cancel->callback([&o] { job_cancel(o); });
  CLI::App* list = verb("list", "List jobs");
  list->add_option("--job-type,--jt", o.type, "Of this type only");
  list->add_option("--job-status,--js", o.status, "Of this status only");
  list->add_option("--top", o.top, "At most so many; all without it");
  list->callback([&o] { job_list(o); });
}

}  // namespace nave::app
