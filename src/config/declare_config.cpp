#include <algorithm>
#include <cctype>

#include "config/declaration.h"
#include "config/types.h"
#include "config/values.h"
#include "core/ascii.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;

/// Letters, digits and . _ - behind a letter or a digit.
std::optional<std::string> name_fault(std::string_view name, std::size_t longest) {
    const auto alnum = [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; };
    const bool good = !name.empty() && name.size() <= longest &&
                      alnum(static_cast<unsigned char>(name.front())) &&
                      std::all_of(name.begin(), name.end(), [&](char c) {
                          return alnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
                      });
    if (good) return std::nullopt;
    return "";
}

std::optional<std::string> pipeline_fault(std::string_view name) {
    return name_fault(name, 63);
}

Type<std::string> metric_label() {
    return ruled_text(
        "a name of at most 253 letters, digits, _, - and ., which begins with a letter or digit",
        "^[A-Za-z0-9][A-Za-z0-9_.-]{0,252}$", [](std::string_view name) { return name_fault(name, 253); });
}

bool check_run(const Node& node, Reader& reader, Run& run) {
    bool good = true;
    if (run.deadline && run.drain >= *run.deadline) {
        good = reader.refuse_member(node, "drain", "expected a drain shorter than run.deadline");
    }
    if (run.stale < 2 * run.heartbeat) {
        good = reader.refuse_member(node, "stale", "expected at least twice run.heartbeat");
    }
    return good;
}

bool check_required_proof(const Node& node, Reader& reader, Config& config) {
    const RequiredProof required = config.run.require_proof.value_or(RequiredProof::chain);
    if (required == RequiredProof::chain) return true;
    const Pagination& pagination = config.source.pagination;
    const std::optional<Total>& total = pagination.total;
    const bool exact = total && total->trust == TotalTrust::exact;
    if (exact && total->rows) return true;
    if (required == RequiredProof::pages) {
        if (!is_linked(pagination.type) || (exact && total->pages)) return true;
        return reader.refuse_below(
            node, {"run", "require_proof"},
            "expected source.pagination.total, with trust: exact, beside pages: where each "
            "page tells of the next one only the API's word shows the end");
    }
    return reader.refuse_below(
        node, {"run", "require_proof"},
        "expected source.pagination.total.rows, with trust: exact, beside counts: nothing else can be "
        "counted against");
}

/// `path`: what the program adds to the endpoint.
template <class T>
auto check_collector(const std::string& path) {
    return [path](const Node& node, Reader& reader, T& collector) {
        if (!collector.headers.empty() && !collector.endpoint) {
            return reader.refuse_member(node, "headers",
                                        "expected an endpoint beside them: headers go to no other place than "
                                        "the one they were written for");
        }
        if (collector.endpoint &&
            (collector.endpoint->ends_with(path) || collector.endpoint->ends_with(path + "/"))) {
            return reader.refuse_member(node, "endpoint",
                                        "expected the collector's base URL: " + path + " is added to it");
        }
        return true;
    };
}

template <class T>
Object<T> declare_collector(const std::string& path) {
    const auto header_fault = [](const std::string& name) -> std::optional<std::string> {
        if (lower(name) == "content-type") return "expected another header: pagehaul sets this one itself";
        return header_name_fault(name);
    };
    return Object<T>()
        .key("endpoint", static_cast<std::optional<std::string> T::*>(&Collector::endpoint),
             optionally(url()), "The OpenTelemetry collector, http://host:4318; " + path + " is added.")
        .key("headers", static_cast<std::vector<std::pair<std::string, Secret>> T::*>(&Collector::headers),
             dictionary<Secret>(secret(), "a mapping of header names to values", header_fault),
             "Headers of each export, for collectors that ask who we are.")
        .check({"endpoint", "headers"}, check_collector<T>(path));
}

Object<Traces> declare_traces() {
    return declare_collector<Traces>("/v1/traces")
        .key("sampling", &Traces::sampling, optionally(share()),
             "The share of pages whose jobs are recorded; the run and its slices always are.")
        .key("propagate", &Traces::propagate, boolean(),
             "Whether requests to the API carry the trace, in a traceparent header.");
}

Object<OtlpMetrics> declare_metrics() {
    // A Prometheus forgets a series that is not renewed for five minutes.
    return declare_collector<OtlpMetrics>("/v1/metrics")
        .key("interval", &OtlpMetrics::interval, optionally(duration(1s, 4min)),
             "How often metrics are exported; left out: as OTEL_METRIC_EXPORT_INTERVAL says, or 15 s.");
}

}  // namespace

Object<Run> declare_run() {
    return Object<Run>()
        .key("workers", &Run::workers, word_or("auto", small_integer(1, 512, "auto or ")),
             "Fetch workers; auto sizes them from the CPU and memory limits of the container.")
        .key("writers", &Run::writers, word_or("auto", small_integer(1, 32, "auto or ")),
             "Database writers; auto sizes them from the CPU limit.")
        .key("deadline", &Run::deadline, optionally(duration(1s, 24h * 30)),
             "A run ends itself after this time, resumable. Without it only a signal does.")
        .key("drain", &Run::drain, duration(0ms, 1h),
             "How long requests in flight may go on once a stop was asked for.")
        .key("patience", &Run::patience, duration(0ms, 24h),
             "How long the API or the database may stay down.")
        .key("quarantine_limit", &Run::quarantine_limit, quarantine_limit(),
             "Rows of a slice that may go to quarantine. A number: more stop the slice at once. A percentage "
             "of the total told: judged when the slice is whole. Either way the run fails.")
        .key("heartbeat", &Run::heartbeat, duration(100ms, 5min), "How often a process tells that it lives.")
        .key("stale", &Run::stale, duration(1s, 1h),
             "A process without a heartbeat for this long counts as dead.")
        .key(
            "adopt_within", &Run::adopt_within, duration(0ms, 24h * 30),
            "A start under another run key goes on with the newest unfinished run; slices with a page stored "
            "longer ago than this are pulled again. The same run key always resumes.")
        .key("require_proof", &Run::require_proof,
             optionally(choice<RequiredProof>({{"counts", RequiredProof::counts},
                                               {"pages", RequiredProof::pages},
                                               {"chain", RequiredProof::chain}})),
             "The least proof that every slice must have, or the run ends in 65. chain: the API said that it "
             "ends, which each slice of a pagination whose pages tell of the next one has. pages: its end "
             "was shown, "
             "by a page that was not full, by an empty page or by a rule with then: end. counts: that, and "
             "its rows are as many as the API's total. Left out: what was not shown is only said.")
        .check({"deadline", "drain", "stale", "heartbeat"}, check_run);
}

namespace {

// The ledger's functions name the schema in their bodies, which stand between $$ and $$.
std::optional<std::string> ledger_schema_fault(std::string_view name) {
    if (name.find("$$") != std::string_view::npos) return "expected a name without $$";
    return identifier_fault(name);
}

}  // namespace

Object<Ledger> declare_ledger() {
    return Object<Ledger>()
        .key("schema", &Ledger::schema,
             ruled_text("a name without $$", "^(?:(?!\\$\\$)[^\"]){1,63}$", ledger_schema_fault),
             "The PostgreSQL schema of pagehaul's own tables.")
        .key("migrate", &Ledger::migrate,
             choice<Migrate>({{"auto", Migrate::automatic}, {"manual", Migrate::manual}}),
             "auto: a run creates and upgrades the ledger; manual: only the verb migrate does.")
        .key("keep", &Ledger::keep, retention(), "How long the page rows of succeeded runs are kept.");
}

Object<Telemetry> declare_telemetry() {
    const auto log =
        Object<Log>()
            .key("format", &Log::format,
                 choice<LogFormat>(
                     {{"auto", LogFormat::automatic}, {"json", LogFormat::json}, {"text", LogFormat::text}}),
                 "auto: text on a terminal, JSON lines elsewhere.")
            .key("level", &Log::level,
                 choice<LogLevel>({{"debug", LogLevel::debug},
                                   {"info", LogLevel::info},
                                   {"warn", LogLevel::warn},
                                   {"error", LogLevel::error}}),
                 "Lines below this level are not written.");
    const auto pushgateway =
        Object<Pushgateway>()
            .required("url", &Pushgateway::url, url(), "The Prometheus Pushgateway, http://host:9091.")
            .key("auth", &Pushgateway::auth, declare_auth(), "How pushes show who we are.")
            .key("interval", &Pushgateway::interval, duration(1s, 1h), "How often metrics are pushed.");
    const auto labels =
        Object<MetricLabels>()
            .key("cluster", &MetricLabels::cluster, metric_label(), "The cluster's name.")
            .key("namespace", &MetricLabels::namespace_of, metric_label(), "The namespace's name.")
            .key("cronjob", &MetricLabels::cronjob, metric_label(),
                 "Of the CronJob that starts the pipeline.");
    return Object<Telemetry>()
        .key("labels", &Telemetry::labels, Type<MetricLabels>(labels),
             "Labels of the metrics, besides the pipeline's name: two pipelines of one name that push to one "
             "gateway overwrite each other without.")
        .key("log", &Telemetry::log, Type<Log>(log), "The log, on stderr.")
        .key("pushgateway", &Telemetry::pushgateway, optionally(Type<Pushgateway>(pushgateway)),
             "Where metrics are pushed; left out: nowhere.")
        .key("traces", &Telemetry::traces, optionally(Type<Traces>(declare_traces())),
             "Where traces go, by OTLP over HTTP; left out: where OTEL_EXPORTER_OTLP_ENDPOINT says, or "
             "nowhere.")
        .key("metrics", &Telemetry::metrics, optionally(Type<OtlpMetrics>(declare_metrics())),
             "Where metrics go by OTLP over HTTP, beside the Pushgateway; left out: where "
             "OTEL_EXPORTER_OTLP_ENDPOINT says, or nowhere.")
        .key("expect_every", &Telemetry::expect_every, optionally(duration(1s, 24h * 366)),
             "How often a run is expected to succeed, 1d say. Pushed with the metrics, so that alerts and "
             "dashboards know when one is overdue.")
        .later("otlp");
}

Object<Security> declare_security() {
    return Object<Security>().key(
        "plaintext", &Security::plaintext,
        choice<Plaintext>({{"warn", Plaintext::warn}, {"allow", Plaintext::allow}}),
        "warn: a credential that goes to another machine without TLS is told of at the start and by check. "
        "allow: it is not.");
}

Object<Config> declare_config() {
    return Object<Config>()
        .required("pipeline", &Config::pipeline,
                  ruled_text(
                      "a name of at most 63 letters, digits, _, - and ., which begins with a letter or digit",
                      "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$", pipeline_fault),
                  "The pipeline's name: its lock, its ledger rows and its metrics carry it.")
        .required("source", &Config::source, Type<Source>(declare_source()),
                  "What to ask, and how to judge answers.")
        .required("sink", &Config::sink, Type<Sink>(declare_sink()), "Where rows go.")
        .key("run", &Config::run, Type<Run>(declare_run()), "How a run behaves.")
        .key("ledger", &Config::ledger, Type<Ledger>(declare_ledger()), "pagehaul's own tables.")
        .key("queue", &Config::queue, declare_queue(), "How page jobs are handed out.")
        .key("telemetry", &Config::telemetry, Type<Telemetry>(declare_telemetry()),
             "Log, metrics and traces.")
        .key("security", &Config::security, Type<Security>(declare_security()), "What may be unsafe.")
        .check({"source.slices", "sink.columns"}, check_column_placeholders)
        .check({"source.slices", "sink.columns", "sink.mode", "sink.vanished"}, check_modes)
        .check({"source.records", "sink.columns"}, check_column_places)
        .check({"source", "sink"}, check_split_keys)
        .check({"source", "sink"}, check_split_modes)
        .check({"source.pagination", "run.require_proof"}, check_required_proof)
        .check({"pipeline", "queue"}, name_queue);
}

}  // namespace pagehaul::config
