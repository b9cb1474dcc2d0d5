#include "server/metrics_page.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>
#include <vector>

#include "rpc/status.h"
#include "server/process_metrics.h"
#include "server/version.h"

namespace orc {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

ClientMetric::Histogram Read(const Histogram& histogram) {
  ClientMetric::Histogram read;
  for (size_t i = 0; i <= histogram.Bounds().size(); ++i) {
    const bool last = i == histogram.Bounds().size();
    read.sample_count += static_cast<uint64_t>(histogram.Count(i));
    read.bucket.push_back({read.sample_count, last ? std::numeric_limits<double>::infinity() : histogram.Bounds()[i]});
  }
  read.sample_sum = histogram.Sum();
  return read;
}

// A metric with all its label values.
class Family {
 public:
  Family(MetricType type, std::string name, std::string help) : family_{std::move(name), std::move(help), type, {}} {}

  void Add(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
  }
  void Add(Labels labels, const Counter& counter) { Add(std::move(labels), static_cast<double>(counter.Value())); }
  void Add(Labels labels, const Histogram& histogram) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram = Read(histogram);
    family_.metric.push_back(std::move(metric));
  }

  MetricFamily Take() { return std::move(family_); }

 private:
  MetricFamily family_;
};

Family CounterOf(const char* name, const char* help) {
  return {MetricType::Counter, name, help};
}
Family GaugeOf(const char* name, const char* help) {
  return {MetricType::Gauge, name, help};
}
Family HistogramOf(const char* name, const char* help) {
  return {MetricType::Histogram, name, help};
}

using Families = std::vector<MetricFamily>;

void AddCalls(Families& page, const CallMetrics& calls) {
  Family started = CounterOf("grpc_server_started_total", "Calls that have begun.");
  Family handled = CounterOf("grpc_server_handled_total", "Calls that have ended, by status.");
  Family received = CounterOf("grpc_server_msg_received_total", "Messages received in calls.");
  Family sent = CounterOf("grpc_server_msg_sent_total", "Messages sent in calls.");
  Family seconds = HistogramOf("grpc_server_handling_seconds", "Time from the beginning of a call to its end.");
  Family transactions =
      CounterOf("orc_db_transaction_total",
                "Unary calls that were let in: those whose work was committed, and those whose work was taken back.");
  for (const MethodMetrics& method : calls.All()) {
    const Labels labels{
        {"grpc_type", std::string(method.type)}, {"grpc_service", method.service}, {"grpc_method", method.name}};
    started.Add(labels, method.started);
    received.Add(labels, method.received);
    sent.Add(labels, method.sent);
    seconds.Add(labels, method.seconds);
    for (size_t code = 0; code < MethodMetrics::kCodes; ++code) {
      Labels with_code = labels;
      with_code.push_back({"grpc_code", StatusCodeName(static_cast<grpc::StatusCode>(code))});
      handled.Add(std::move(with_code), method.handled[code]);
    }
    if (!method.has_transaction) continue;
    transactions.Add({{"method", method.path}, {"outcome", "commit"}}, method.committed);
    transactions.Add({{"method", method.path}, {"outcome", "rollback"}}, method.rolled_back);
  }
  for (Family* family : {&started, &handled, &received, &sent, &seconds, &transactions}) page.push_back(family->Take());
}

void AddTasks(Families& page, const Hub& hub) {
  Family registered = CounterOf("orc_task_registered_total", "Tasks registered.");
  Family batch = HistogramOf("orc_task_registration_batch_size", "Tasks registered by one call.");
  Family updated = CounterOf("orc_task_updated_total", "Changes of the status of a task, by the new status.");
  Family cascade = HistogramOf("orc_task_update_cascade_size",
                               "Tasks that one call has let go, because what they waited for was done.");
  for (const auto& [name, channel] : hub.All()) {
    const WriterMetrics& metrics = channel->writer.metrics();
    const Labels labels{{"channel", name}};
    registered.Add(labels, metrics.tasks_registered);
    batch.Add(labels, metrics.registration_size);
    cascade.Add({{"channel", name}, {"status", "transitionWaitingExecutorSlot"}}, metrics.release_size);
    const auto& statuses = *orchestrator::ComputeTaskStatus_descriptor();
    for (int i = 0; i < statuses.value_count(); ++i) {
      const auto& status = *statuses.value(i);
      if (status.number() == orchestrator::STATUS_UNKNOWN) continue;
      updated.Add({{"channel", name}, {"status", status.name()}},
                  metrics.tasks_updated[static_cast<size_t>(status.number())]);
    }
  }
  for (Family* family : {&registered, &batch, &updated, &cascade}) page.push_back(family->Take());
}

void AddStore(Families& page, const Hub& hub) {
  Family queue = GaugeOf("orc_writer_queue_depth", "Writing calls that wait for the running commit to end.");
  Family batch = HistogramOf("orc_writer_batch_size", "Calls that went into one commit.");
  Family seconds = HistogramOf("orc_writer_commit_seconds", "Time that the store took for one commit.");
  Family errors = CounterOf("orc_store_errors_total",
                            "Failures of the store: reads, and commits with all their calls counted as one.");
  for (const auto& [name, channel] : hub.All()) {
    const WriterMetrics& metrics = channel->writer.metrics();
    const Labels labels{{"channel", name}};
    queue.Add(labels, static_cast<double>(channel->writer.QueuedCommands()));
    batch.Add(labels, metrics.batch_size);
    seconds.Add(labels, metrics.commit_seconds);
    errors.Add({{"channel", name}, {"operation", "read"}}, channel->read_errors);
    errors.Add({{"channel", name}, {"operation", "write"}}, metrics.failed_batches);
  }
  for (Family* family : {&queue, &batch, &seconds, &errors}) page.push_back(family->Take());
}

void AddEvents(Families& page, EventRpc& events) {
  Family sent = CounterOf("orc_event_sent_total", "Events sent to subscribers.");
  Family subscribers = GaugeOf("orc_event_subscribers", "Open subscriptions to events.");
  Family lag = GaugeOf("orc_event_lag", "Events that the subscription which is furthest behind has still to be sent.");
  sent.Add({}, static_cast<double>(events.Sent()));
  for (const auto& [place, followers] : events.CountFollowers()) {
    const Labels labels{{"channel", place.first}, {"organization", place.second}};
    subscribers.Add(labels, static_cast<double>(followers.subscriptions));
    lag.Add(labels, static_cast<double>(followers.largest_lag));
  }
  for (Family* family : {&sent, &subscribers, &lag}) page.push_back(family->Take());
}

void AddFiles(Families& page, const MetricSources& sources) {
  Family failures =
      CounterOf("orc_reload_failures_total", "Changed files that were refused because they are not good.");
  Family refused =
      GaugeOf("orc_reload_refused", "1 while a file on disk is not good, so that an older one stays in force; else 0.");
  Family expiry = GaugeOf("orc_tls_certificate_expiry_timestamp_seconds",
                          "When the first certificate in force expires, since unix epoch in seconds.");
  auto followed = sources.tls_files.Followed();
  followed.emplace_back("channels", &sources.channel_file.metrics());
  for (const auto& [name, file] : followed) {
    failures.Add({{"file", std::string(name)}}, file->failures);
    refused.Add({{"file", std::string(name)}}, file->refused ? 1 : 0);
  }
  for (const auto& [kind, organization, not_after] : sources.tls_files.Expiries()) {
    expiry.Add({{"kind", std::string(kind)}, {"organization", organization}},
               std::chrono::duration<double>(not_after.time_since_epoch()).count());
  }
  for (Family* family : {&failures, &refused, &expiry}) page.push_back(family->Take());
}

void AddServer(Families& page, const HealthService& health) {
  Family ready = GaugeOf("orc_ready", "1 while the server is ready, else 0; the truth of health service readiness.");
  Family build = GaugeOf("orc_build_info", "1; the label says which version runs.");
  ready.Add({}, health.WhyNotReady().empty() ? 1 : 0);
  build.Add({{"version", std::string(Version())}}, 1);
  for (Family* family : {&ready, &build}) page.push_back(family->Take());
}

}  // namespace

std::string MetricsPage(const MetricSources& sources) {
  Families page;
  AddCalls(page, sources.calls);
  AddTasks(page, sources.hub);
  AddStore(page, sources.hub);
  AddEvents(page, sources.events);
  AddFiles(page, sources);
  AddServer(page, sources.health);
  for (MetricFamily& family : ProcessFamilies()) page.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(page);
}

}  // namespace orc
