#include <functional>
#include <iostream>
#include <string>

#include "cli/asking.h"
#include "core/join.h"
#include "engine/shared/connecting.h"
#include "engine/shared/transports.h"
#include "ledger/migrations.h"
#include "sink/target.h"
#include "telemetry/push.h"

namespace pagehaul::cli {
namespace {

/// Runs checks one after another, a line each, and keeps the exit code of the first that failed.
class Report {
  public:
    void line(const std::string& what, const std::function<std::string()>& check) {
        try {
            print("ok  ", what, check());
        } catch (const Failure& failure) {
            print("FAIL", what, redacted(failure.error().text()));
            if (code_ == ExitCode::ok) code_ = exit_code_for(failure.error().kind);
        }
    }
    ExitCode code() const { return code_; }

  private:
    static void print(const char* verdict, const std::string& what, const std::string& text) {
        std::cout << verdict << "  " << what << std::string(what.size() < 12 ? 12 - what.size() : 1, ' ')
                  << text << '\n';
    }
    ExitCode code_ = ExitCode::ok;
};

std::string check_api(const config::Config& config, Setting& setting) {
    auto slices = source::expand_slices(config.source, system_clock().wall_now());
    if (!slices) throw Failure(slices.error());
    if (slices->slices.empty()) return "no slice is ready yet: nothing to ask for";
    Asking asking(config, setting);
    const source::Slice& slice = slices->slices.front();
    auto answer = asking.page(slice, 1);
    if (!answer) throw Failure(answer.error());
    const auto& [accept, page] = *answer;
    std::string text = config.source.base_url + " answered page 1 of " + slice.key + " with " +
                       std::to_string(page.fetched) + " rows";
    if (accept.total_rows) text += " of " + std::to_string(*accept.total_rows);
    if (!page.bad.empty()) {
        text += "; " + std::to_string(page.bad.size()) +
                " of them would be quarantined, the first: " + page.bad.front().reason;
    }
    if (!page.key_conflict.empty())
        throw Failure(ErrorKind::data, "sink.key", "not unique: " + page.key_conflict);
    return text;
}

std::string check_ledger(postgres::Connection& connection, const config::Ledger& ledger) {
    const int installed = ledger::installed_version(connection, ledger.schema);
    const int newest = ledger::newest_version();
    std::string text = "schema \"" + ledger.schema + "\" at version " + std::to_string(installed);
    if (installed > newest) {
        throw Failure(ErrorKind::config, "ledger.schema",
                      text + " is newer than this binary, which knows " + std::to_string(newest));
    }
    if (installed == newest) return text;
    if (ledger.migrate == config::Migrate::manual) {
        throw Failure(ErrorKind::config, "ledger.migrate",
                      text + ", this binary needs " + std::to_string(newest) + ": run `pagehaul migrate`");
    }
    return text + "; the next run brings it to " + std::to_string(newest);
}

std::string check_target_fits(postgres::Connection& connection, const config::Sink& sink) {
    const auto problems = sink::check_target(connection, sink);
    if (!problems.empty()) throw Failure(ErrorKind::config, "", join(problems, "\n"));
    return sink.schema + "." + sink.table + " fits, or can be created";
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
    auto gateway = telemetry::gateway_of(*config.telemetry.pushgateway, config.pipeline);
    if (!gateway) throw Failure(gateway.error());
    // Asks only: a push would change what alerts see.
    const auto request = telemetry::request_to(*gateway, "GET", "/-/ready");
    if (!request) throw Failure(request.error());
    ask_once(gateway->origin, *request,
             {.server = "telemetry.pushgateway.url", .credential = "telemetry.pushgateway.auth"});
    return gateway->origin + " is ready";
}

/// Sends an export of no spans, which every collector takes.
std::string check_collector(const telemetry::TraceSettings& settings) {
    http::Request request{.method = "POST", .target = settings.path, .headers = settings.headers};
    request.body = R"({"resourceSpans":[]})";
    request.content_type = "application/json";
    ask_once(settings.origin, request, {.server = settings.said_by, .credential = settings.said_by});
    return settings.origin + settings.path + " takes traces";
}

}  // namespace

ExitCode check(const CheckArguments& arguments) {
    Report report;
    std::optional<config::Config> config;
    std::optional<telemetry::TraceSettings> traces;
    report.line("config", [&] {
        config::Config loaded = load_config(arguments.config);
        traces = load_trace_settings(loaded);
        config.emplace(std::move(loaded));
        return config->file + ": pipeline " + config->pipeline + ", " +
               std::to_string(config->sink.columns.size()) + " columns, every secret is set";
    });
    if (!config || arguments.offline) return report.code();
    Setting setting;
    report.line("api", [&] { return check_api(*config, setting); });
    std::unique_ptr<postgres::Connection> connection;
    report.line("database", [&] {
        connection = std::make_unique<postgres::Connection>(engine::connect_options(*config, "check"));
        return "connected, PostgreSQL " + std::to_string(connection->server_version() / 10000) + "." +
               std::to_string(connection->server_version() % 10000);
    });
    if (connection != nullptr) {
        report.line("ledger", [&] { return check_ledger(*connection, config->ledger); });
        report.line("table", [&] { return check_target_fits(*connection, config->sink); });
    }
    if (config->telemetry.pushgateway) report.line("pushgateway", [&] { return check_gateway(*config); });
    if (traces && traces->recording) report.line("traces", [&] { return check_collector(*traces); });
    return report.code();
}

}  // namespace pagehaul::cli
