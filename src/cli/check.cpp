#include <algorithm>
#include <functional>
#include <iostream>
#include <string>

#include "cli/asking.h"
#include "cli/check_queue.h"
#include "core/join.h"
#include "core/printable.h"
#include "engine/shared/connecting.h"
#include "engine/shared/plaintext.h"
#include "engine/shared/transports.h"
#include "ledger/migrations.h"
#include "queue/open.h"
#include "sink/target.h"
#include "source/auth/describe.h"
#include "source/signing/signer.h"
#include "telemetry/otlp_push.h"
#include "telemetry/push.h"

namespace pagehaul::cli {
namespace {

/// Runs checks one after another, a line each, and keeps the exit code of the first that failed.
class Report {
  public:
    void line(const std::string& what, const std::function<std::string()>& check) {
        try {
            print("ok  ", what, for_people(check()));
        } catch (const Failure& failure) {
            // The lines of a config's problems are ours.
            print("FAIL", what, printable_lines(redacted(failure.error().text())));
            if (code_ == ExitCode::ok) code_ = exit_code_for(failure.error().kind);
        }
    }
    /// What works and is worth a look.
    void warn(const std::string& what, const std::string& text) { print("warn", what, for_people(text)); }
    ExitCode code() const { return code_; }

  private:
    static void print(const char* verdict, const std::string& what, const std::string& text) {
        std::cout << verdict << "  " << what << std::string(what.size() < 12 ? 12 - what.size() : 1, ' ')
                  << text << '\n';
    }
    ExitCode code_ = ExitCode::ok;
};

std::string check_api(const config::Config& config, const config::Stream& stream, Asking& asking) {
    if (!stream.parent.empty()) return "asked for by the records of stream " + stream.parent;
    auto slices = source::expand_slices(stream, system_clock().wall_now());
    if (!slices) throw Failure(slices.error());
    if (slices->slices.empty()) return "no slice is ready yet: nothing to ask for";
    const source::Slice& slice = slices->slices.front();
    auto answer = asking.page(slice, 1);
    if (!answer) {
        const Error& error = answer.error();
        throw Failure(error.kind, error.origin, printable(error.message));
    }
    const auto& [accept, page] = *answer;
    std::string text = config.source.base_url + " answered page 1 of " + slice.key + " with " +
                       std::to_string(page.fetched) + " rows";
    if (accept.total_rows) text += " of " + std::to_string(*accept.total_rows);
    if (!page.bad.empty()) {
        text += "; " + std::to_string(page.bad.size()) +
                " of them would be quarantined, the first: " + page.bad.front().reason;
    }
    if (!page.key_conflict.empty())
        throw Failure(ErrorKind::data, "sink.key", "not unique: " + printable(page.key_conflict));
    return text;
}

/// "api", or "api orders" where there are several.
std::string of_stream(const std::string& what, const config::Stream& stream) {
    return stream.name.empty() ? what : what + " " + stream.name;
}

std::string describe_streams(const std::vector<config::Stream>& streams) {
    const auto columns = [](const config::Stream& stream) {
        return std::to_string(stream.sink.columns.size()) + " columns";
    };
    if (streams.front().name.empty()) return columns(streams.front());
    return std::to_string(streams.size()) + " streams (" +
           join(streams, ", ",
                [&](const config::Stream& stream) {
                    return stream.name + " " + (stream.stored ? columns(stream) : std::string("not stored"));
                }) +
           ")";
}

/// A line for each step that signs page 1, as it would be sent but for the credential.
void report_signing(Report& report, const config::Stream& stream, Random& random) {
    const config::Source& source = stream.source;
    std::vector<source::BuiltStep> steps;
    const auto sign = [&]() -> Result<void> {
        const auto slices = source::expand_slices(stream, system_clock().wall_now());
        if (!slices) return tl::unexpected(slices.error());
        if (slices->slices.empty()) return {};
        auto request = source::Requests(source).build(slices->slices.front(), 1,
                                                      {.version = 0, .auth = source::stand_in(source.auth)});
        if (!request) return tl::unexpected(request.error());
        return source::Signer(*source.signing, source.base_url, system_clock(), random, {})
            .sign(*request, [&](const source::BuiltStep& step) { steps.push_back(step); });
    };
    const Result<void> done = sign();
    for (std::size_t i = 0; i < steps.size(); ++i)
        report.line("signing",
                    [&] { return std::to_string(i + 1) + " " + steps[i].what + ": " + steps[i].made; });
    if (done && !steps.empty()) return;
    report.line("signing", [&]() -> std::string {
        if (!done) throw Failure(done.error());
        return "no slice is ready yet: nothing to sign";
    });
}

std::string check_ledger(postgres::Connection& connection, const config::Ledger& ledger) {
    const ledger::Installed installed = ledger::installed(connection, ledger.schema);
    const int newest = ledger::newest_version();
    std::string text = "schema \"" + ledger.schema + "\" at version " + std::to_string(installed.version);
    if (installed.version == newest) return text;
    if (installed.is_newer()) {
        ledger::refuse_unserved(installed, ledger.schema);
        return text + " is newer than this binary, which knows " + std::to_string(newest) + ", and serves it";
    }
    if (ledger.migrate == config::Migrate::manual) {
        throw Failure(ErrorKind::config, "ledger.migrate",
                      text + ", this binary needs " + std::to_string(newest) + ": run `pagehaul migrate`");
    }
    return text + "; the next run brings it to " + std::to_string(newest);
}

/// Of a statement as ddl.h lays it out.
std::string on_one_line(std::string statement) {
    for (std::size_t at = 0; (at = statement.find('\n', at)) != std::string::npos;) {
        const std::size_t next = std::min(statement.find_first_not_of(' ', at + 1), statement.size());
        statement.replace(at, next - at, " ");
    }
    return statement;
}

std::string check_target_fits(postgres::Connection& connection, const config::Sink& sink) {
    const auto [misfits, ddl] = sink::check_target(connection, sink);
    if (!misfits.empty()) throw Failure(ErrorKind::config, "", join(misfits, "\n", printable));
    const std::string table = sink.schema + "." + sink.table;
    if (ddl.empty()) return table + " fits";
    return table + ": the next run makes it fit: " + join(ddl, "; ", on_one_line) + ";";
}

/// What is to blame, as a key of the config or a variable, when there is no answer or no good one.
struct Blame {
    std::string server;
    std::string credential;  ///< for a refusal of the request's credential
};

/// Sends one request to a server at the side of the run; throws Failure unless it is answered with 2xx.
void ask_once(const std::string& origin, const http::Request& request, const Blame& blame) {
    const auto transport = engine::transport_for(origin, Millis{2'000}, system_clock());
    const http::Bounds bounds{.deadline = Deadline::after(system_clock().now(), Millis{3'000}),
                              .max_body = 1UL << 20U,
                              .reserve = {}};
    auto response = transport->send(request, bounds, {});
    if (!response) throw Failure(response.error().kind, blame.server, response.error().message);
    if (response->status / 100 == 2) return;
    const bool refused = telemetry::refuses_credential(response->status);
    throw Failure(refused ? ErrorKind::credential : ErrorKind::transient,
                  refused ? blame.credential : blame.server,
                  "answered with status " + std::to_string(response->status));
}

std::string check_gateway(const config::Config& config) {
    auto gateway =
        telemetry::gateway_of(*config.telemetry.pushgateway, config.pipeline, config.telemetry.labels);
    if (!gateway) throw Failure(gateway.error());
    // Asks only: a push would change what alerts see.
    const auto request = telemetry::request_to(*gateway, "GET", "/-/ready");
    if (!request) throw Failure(request.error());
    ask_once(gateway->origin, *request,
             {.server = "telemetry.pushgateway.url", .credential = "telemetry.pushgateway.auth"});
    return gateway->origin + " is ready";
}

/// Sends an export of nothing, which every collector takes.
std::string check_collector(const telemetry::OtlpTarget& target, const char* nothing, const char* what) {
    ask_once(target.origin, telemetry::export_to(target, nothing),
             {.server = target.said_by, .credential = target.said_by});
    return target.origin + target.path + " takes " + what;
}

}  // namespace

ExitCode check(const CheckArguments& arguments) {
    Report report;
    std::optional<config::Config> config;
    std::optional<telemetry::TraceSettings> traces;
    std::optional<telemetry::MetricSettings> metrics;
    report.line("config", [&] {
        config::Config loaded = load_config(arguments.config);
        traces = load_trace_settings(loaded);
        metrics = load_metric_settings(loaded);
        config.emplace(std::move(loaded));
        return config->file + ": pipeline " + config->pipeline + ", " + describe_streams(config->streams) +
               ", every secret is set";
    });
    if (config)
        for (const std::string& warning : config->warnings)
            report.warn("config", warning);
    if (!config || arguments.offline) return report.code();
    for (const std::string& line : engine::plaintext_credentials(*config, traces, metrics))
        report.warn("security", line);
    report.line("auth", [&] { return source::describe_auth(config->source.auth); });
    Setting setting;
    if (config->source.signing) report_signing(report, config->streams.front(), setting.random());
    std::optional<Asking> asking;
    for (const config::Stream& stream : config->streams)
        report.line(of_stream("api", stream), [&] {
            if (!asking) asking.emplace(*config, setting);
            return check_api(*config, stream, *asking);
        });
    std::unique_ptr<postgres::Connection> connection;
    report.line("database", [&] {
        connection = std::make_unique<postgres::Connection>(engine::connect_options(*config, "check"));
        return "connected, PostgreSQL " + std::to_string(connection->server_version() / 10000) + "." +
               std::to_string(connection->server_version() % 10000);
    });
    if (connection != nullptr) {
        if (const auto caveat = engine::encoding_caveat(connection->database_encoding()))
            report.warn("database", *caveat);
        if (const auto exposed = engine::plaintext_password(*config, *connection))
            report.warn("security", *exposed);
        report.line("ledger", [&] { return check_ledger(*connection, config->ledger); });
        for (const config::Stream& stream : config->streams)
            report.line(of_stream("table", stream), [&] {
                return stream.stored ? check_target_fits(*connection, stream.sink)
                                     : std::string("none: its records only make slices");
            });
        if (arguments.processes > 0)
            report.line("connections",
                        [&] { return check_connections(*connection, *config, arguments.processes); });
    }
    if (queue::is_brokered(config->queue)) report.line("queue", [&] { return check_queue(config->queue); });
    if (config->telemetry.pushgateway) report.line("pushgateway", [&] { return check_gateway(*config); });
    if (metrics)
        report.line("metrics",
                    [&] { return check_collector(*metrics, R"({"resourceMetrics":[]})", "metrics"); });
    if (traces && traces->recording)
        report.line("traces", [&] { return check_collector(*traces, R"({"resourceSpans":[]})", "traces"); });
    return report.code();
}

}  // namespace pagehaul::cli
