#include "engine/start_up.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <future>
#include <utility>

#include "core/fault.h"
#include "engine/own_backends.h"
#include "engine/shared/connecting.h"
#include "engine/shared/session.h"
#include "ledger/fingerprint.h"
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

/// Of fewer slices the planner need not be told: statements of few rows are cheap whatever it believes.
bool plans_much(const ledger::StartOutcome& outcome, const ledger::StartRequest& request) {
    const auto* begun = std::get_if<ledger::Started>(&outcome);
    return begun != nullptr && begun->kind == ledger::Started::Kind::planned && request.slices.size() >= 1000;
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
    if (config.run.require_proof)
        policy.required = *config.run.require_proof == config::RequiredProof::counts
                              ? ledger::Policy::Required::counts
                              : ledger::Policy::Required::pages;
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
    for (const source::Slice& slice : plan->slices)
        request.slices.push_back({slice.key, source::to_json(slice)});
    request.parameters = source::parameter_names(config.source);
    request.intent = options.intent;
    request.fresh = options.fresh;
    request.stale = config.run.stale;
    request.adopt_within = config.run.adopt_within;
    request.pgbouncer = config.sink.pgbouncer;

    StartedUp started;
    // Looking at the target takes as long as looking at the ledger, and the heartbeat's connection is idle.
    const auto open_heartbeat = [&] {
        if (started.heartbeat == nullptr || !started.heartbeat->is_open())
            started.heartbeat = std::make_unique<postgres::Connection>(connect);
        sink::ensure_target(*started.heartbeat, config.sink);
        request.target = sink::target_identity(*started.heartbeat, config.sink);
    };
    // A migration, the target's DDL and the run's lock may all wait for somebody else's transaction.
    const EndsWaits ends_waits(connect, context.clock, context.stop.no_new_work_token());
    Session session({.connect = connect, .role = "start", .patience = config.run.patience}, context.clock,
                    context.random);
    std::future<void> beside = std::async(std::launch::async, open_heartbeat);
    session.run(context.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (!beside.valid()) beside = std::async(std::launch::async, open_heartbeat);  // a repetition
        bring_ledger_up(connection, config.ledger);
        auto [hash, text] =
            ledger::fingerprint(connection, config.ledger.schema, config.fingerprint_text, config.held);
        request.fingerprint = std::move(hash);
        request.fingerprint_text = std::move(text);
        beside.get();
        request.worker = {.id = worker,
                          .host = host_name(),
                          .pid = ::getpid(),
                          .backend_pid = started.heartbeat->backend_pid()};
        fault_point("before_start");
        started.outcome = ledger::start(connection, request);
        fault_point("after_start");
        if (plans_much(started.outcome, request)) {
            const std::string why_not = ledger::refresh_statistics(connection, config.ledger.schema);
            if (!why_not.empty())
                log::warn("could not tell the database's planner of the new run", {{"cause", why_not}});
        }
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
