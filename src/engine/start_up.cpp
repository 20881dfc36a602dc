#include "engine/start_up.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <cstdio>
#include <future>
#include <utility>

#include "core/fault.h"
#include "engine/own_backends.h"
#include "engine/session.h"
#include "ledger/migrations.h"
#include "log/log.h"
#include "sink/target.h"
#include "source/slices.h"

namespace pagehaul::engine {
namespace {

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                            : std::string("unknown");
}

void bring_ledger_up(postgres::Connection& connection, const config::Ledger& ledger) {
    const int installed = ledger::installed_version(connection, ledger.schema);
    if (installed == ledger::newest_version()) return;
    if (installed < ledger::newest_version() && ledger.migrate == config::Migrate::manual) {
        throw Failure(ErrorKind::config, "ledger.migrate",
                      "the ledger's schema is at version " + std::to_string(installed) +
                          ", this binary needs " + std::to_string(ledger::newest_version()) +
                          ": run `pagehaul migrate`");
    }
    for (const int version : ledger::migrate(connection, ledger.schema)) {
        log::info("ledger migrated", {{"ledger_version", version}});
    }
}

}  // namespace

std::string new_uuid(Random& random) {
    std::array<unsigned, 16> bytes{};
    for (unsigned& byte : bytes)
        byte = static_cast<unsigned>(random.unit() * 256.0);
    bytes[6] = (bytes[6] & 0x0FU) | 0x40U;  // RFC 4122, 4.4: version 4
    bytes[8] = (bytes[8] & 0x3FU) | 0x80U;  // and its variant
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::array<char, 3> hex{};
        std::snprintf(hex.data(), hex.size(), "%02x", bytes[i]);
        text += hex.data();
        if (i == 3 || i == 5 || i == 7 || i == 9) text += '-';
    }
    return text;
}

postgres::ConnectOptions connect_options(const config::Config& config, const std::string& worker) {
    return {.dsn = config.sink.dsn.value,
            .application_name = "pagehaul " + worker,
            .pgbouncer = config.sink.pgbouncer};
}

std::unique_ptr<postgres::Connection> connect_briefly(const Context& context) {
    postgres::ConnectOptions options = connect_options(context.config, context.scope.worker);
    options.connect_timeout_ms = 2'000;
    options.statement_timeout_ms = kBriefStatement.count();
    return std::make_unique<postgres::Connection>(options);
}

ledger::Policy policy_of(const config::Config& config) {
    const config::Pagination& pagination = config.source.pagination;
    ledger::Policy policy;
    policy.page_size = pagination.size;
    policy.max_pages = pagination.max_pages;
    policy.total = !pagination.total         ? ledger::Policy::Known::nothing
                   : pagination.total->pages ? ledger::Policy::Known::pages
                                             : ledger::Policy::Known::rows;
    policy.total_on_every_page =
        pagination.total && pagination.total->told_on == config::TotalScope::every_page;
    policy.total_advisory = pagination.total && pagination.total->trust == config::TotalTrust::advisory;
    policy.passes = config.source.drift.passes;
    policy.quarantine_rows = config.run.quarantine_limit.rows;
    policy.quarantine_fraction = config.run.quarantine_limit.fraction;
    policy.overlap_allowed = config.sink.overlap == config::Overlap::allowed;
    return policy;
}

StartedUp start_up(Context& context, const RunOptions& options) {
    const config::Config& config = context.config;
    const std::string worker = new_uuid(context.random);
    const postgres::ConnectOptions connect = connect_options(config, worker);

    auto plan = source::expand_slices(config.source, context.clock.wall_now());
    if (!plan) throw Failure(plan.error());
    for (const std::string& warning : plan->warnings)
        log::warn(warning, {});

    ledger::StartRequest request;
    request.schema = config.ledger.schema;
    request.pipeline = config.pipeline;
    request.key = options.run_key.empty() ? new_uuid(context.random) : options.run_key;
    request.fingerprint = config.fingerprint;
    request.fingerprint_text = config.fingerprint_text;
    for (const source::Slice& slice : plan->slices)
        request.slices.push_back({slice.key, source::to_json(slice)});
    request.intent = options.intent;
    request.fresh = options.fresh;
    request.stale = config.run.stale;
    request.pgbouncer = config.sink.pgbouncer;

    StartedUp started;
    // Looking at the target takes as long as looking at the ledger, and the heartbeat's connection is idle.
    const auto open_heartbeat = [&] {
        if (started.heartbeat == nullptr || !started.heartbeat->is_open())
            started.heartbeat = std::make_unique<postgres::Connection>(connect);
        sink::ensure_target(*started.heartbeat, config.sink);
    };
    // A migration, the target's DDL and the run's lock may all wait for somebody else's transaction.
    const EndsWaits ends_waits(connect, context.clock, context.stop.no_new_work_token());
    Session session({.connect = connect, .role = "start", .patience = config.run.patience}, context.clock,
                    context.random);
    std::future<void> beside = std::async(std::launch::async, open_heartbeat);
    session.run(context.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (!beside.valid()) beside = std::async(std::launch::async, open_heartbeat);  // a repetition
        bring_ledger_up(connection, config.ledger);
        beside.get();
        request.worker = {.id = worker,
                          .host = host_name(),
                          .pid = ::getpid(),
                          .backend_pid = started.heartbeat->backend_pid()};
        fault_point("before_start");
        started.outcome = ledger::start(connection, request);
        fault_point("after_start");
    });
    context.scope = {.schema = config.ledger.schema,
                     .pipeline = config.pipeline,
                     .worker = worker,
                     .run = 0,
                     .stale = config.run.stale,
                     .pgbouncer = config.sink.pgbouncer};
    context.policy = policy_of(config);
    if (const auto* done = std::get_if<ledger::AlreadySucceeded>(&started.outcome)) {
        context.scope.run = done->run;
    } else if (const auto* begun = std::get_if<ledger::Started>(&started.outcome)) {
        context.scope.run = begun->run;
        started.claimer = session.release();
    }
    return started;
}

}  // namespace pagehaul::engine
