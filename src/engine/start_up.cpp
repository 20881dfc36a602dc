#include "engine/start_up.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <future>
#include <utility>

#include "core/fault.h"
#include "core/utf8.h"
#include "engine/own_backends.h"
#include "engine/shared/connecting.h"
#include "engine/shared/plaintext.h"
#include "engine/shared/session.h"
#include "engine/turn.h"
#include "engine/write/targets.h"
#include "ledger/days.h"
#include "ledger/fingerprint.h"
#include "ledger/migrations.h"
#include "ledger/publish.h"
#include "log/log.h"
#include "postgres/quoting.h"
#include "queue/open.h"
#include "sink/target.h"
#include "source/slices.h"

namespace pagehaul::engine {
namespace {

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                            : std::string("unknown");
}

std::vector<ledger::PlannedSlice> planned_slices(const Context& context, const config::Stream& stream) {
    auto plan = source::expand_slices(stream, context.clock.wall_now());
    if (!plan) throw Failure(plan.error());
    for (const std::string& warning : plan->warnings)
        log::warn(warning, {});
    // Each in the place of the other: of 100,000 slices both would be some 60 MB.
    std::vector<ledger::PlannedSlice> planned;
    planned.reserve(plan->slices.size());
    for (source::Slice& slice : plan->slices) {
        std::string params = source::to_json(slice);
        planned.push_back({.key = std::move(slice.key), .params = std::move(params), .stream = slice.stream});
        slice = {};
    }
    return planned;
}

/// The config's slices as of now, of each stream one after the other: pages are pulled in their order.
std::vector<ledger::PlannedSlice> planned_slices(const Context& context) {
    const std::vector<config::Stream>& streams = context.config.streams;
    if (streams.size() == 1) return planned_slices(context, streams.front());
    std::vector<std::vector<ledger::PlannedSlice>> of_each;
    std::size_t most = 0;
    for (const config::Stream& stream : streams) {
        of_each.push_back(planned_slices(context, stream));
        most = std::max(most, of_each.back().size());
    }
    std::vector<ledger::PlannedSlice> planned;
    for (std::size_t i = 0; i < most; ++i)
        for (std::vector<ledger::PlannedSlice>& slices : of_each)
            if (i < slices.size()) planned.push_back(std::move(slices[i]));
    return planned;
}

/// Of fewer slices the planner need not be told: statements of few rows are cheap whatever it believes.
bool plans_much(const ledger::StartOutcome& outcome, const ledger::StartRequest& request) {
    const auto* begun = std::get_if<ledger::Started>(&outcome);
    return begun != nullptr && begun->kind == ledger::Started::Kind::planned && request.slices.size() >= 1000;
}

void bring_ledger_up(postgres::Connection& connection, const config::Ledger& ledger) {
    const ledger::Installed installed = ledger::installed(connection, ledger.schema);
    if (installed.version == ledger::newest_version()) return;
    if (installed.is_newer()) {
        ledger::refuse_unserved(installed, ledger.schema);
        log::info("the ledger is newer than this program, and serves it",
                  {{"ledger_version", installed.version}, {"known_version", ledger::newest_version()}});
        return;
    }
    if (ledger.migrate == config::Migrate::manual) {
        throw Failure(ErrorKind::config, "ledger.migrate",
                      "the ledger's schema is at version " + std::to_string(installed.version) +
                          ", this binary needs " + std::to_string(ledger::newest_version()) +
                          ": run `pagehaul migrate`");
    }
    for (const int version : ledger::migrate(connection, ledger.schema)) {
        log::info("ledger migrated", {{"ledger_version", version}});
    }
}

}  // namespace

namespace {

ledger::Policy policy_of(const config::Config& config, const config::Stream& stream) {
    const config::Pagination& pagination = stream.source.pagination;
    ledger::Policy policy;
    policy.linked = config::is_linked(pagination.type);
    policy.page_size = pagination.size;
    policy.max_pages = pagination.max_pages;
    policy.total = !pagination.total         ? ledger::Policy::Known::nothing
                   : pagination.total->pages ? ledger::Policy::Known::pages
                                             : ledger::Policy::Known::rows;
    policy.one_request = pagination.type == config::PaginationType::none;
    if (pagination.more && !policy.linked) policy.end = ledger::Policy::End::told;
    if (pagination.end == config::PagesEnd::short_page) policy.end = ledger::Policy::End::short_page;
    policy.total_on_every_page =
        pagination.total && pagination.total->told_on == config::TotalScope::every_page;
    policy.total_advisory = pagination.total && pagination.total->trust == config::TotalTrust::advisory;
    policy.passes = stream.source.drift.passes;
    policy.quarantine_rows = config.run.quarantine_limit.rows;
    policy.quarantine_fraction = config.run.quarantine_limit.fraction;
    policy.keyed = !stream.sink.key.empty();
    policy.publishes = stream.stored && (config::is_staged(stream.sink.mode) ||
                                         stream.sink.vanished != config::Vanished::keep);
    policy.once = stream.stored && stream.sink.mode == config::Mode::append;
    policy.overlap_allowed =
        !policy.keyed || !stream.stored || stream.sink.overlap == config::Overlap::allowed;
    if (config.run.require_proof == config::RequiredProof::counts)
        policy.required = ledger::Policy::Required::counts;
    if (config.run.require_proof == config::RequiredProof::pages)
        policy.required = ledger::Policy::Required::pages;
    return policy;
}

}  // namespace

ledger::Policies policies_of(const config::Config& config) {
    ledger::Policies policies;
    for (const config::Stream& stream : config.streams)
        policies.add(stream.name, policy_of(config, stream));
    return policies;
}

namespace {

source::RunFacts facts_of(postgres::Connection& connection, const config::Config& config, std::int64_t run) {
    const bool any =
        std::any_of(config.streams.begin(), config.streams.end(), [](const config::Stream& stream) {
            const auto& columns = stream.sink.columns;
            return std::any_of(columns.begin(), columns.end(),
                               [](const auto& column) { return column.of_run; });
        });
    if (!any) return {};
    ledger::Scope scope;
    scope.schema = config.ledger.schema;
    scope.run = run;
    return {.id = std::to_string(run), .started_at = ledger::read_begun(connection, scope)};
}

void ensure_staging(postgres::Connection& connection, const ledger::Scope& scope, const config::Sink& sink) {
    const auto staging = staging_of(scope, sink);
    if (!staging) return;
    try {
        staging->ensure(connection);
    } catch (const postgres::SqlError& failure) {
        if (failure.sqlstate() != "42501") throw;
        const std::string schema = postgres::quote_identifier(scope.schema);
        const std::string role = connection.exec("SELECT quote_ident(current_user)").text(0, 0);
        throw Failure(
            ErrorKind::config, "sink.mode",
            "append and replace_slice keep rows in a table of the ledger's schema until their slice "
            "is proven, and role " +
                role + " may not make one: GRANT CREATE ON SCHEMA " + schema + " TO " + role);
    }
}

/// Who starts what: the same for each try of a start that waits for its turn.
struct Starter {
    std::string worker;
    std::string key;
    postgres::ConnectOptions connect;
};

/// All that stands at start_up(), once. On Busy no connection is left open.
StartedUp start_once(Context& context, const RunOptions& options, const Starter& starter) {
    const config::Config& config = context.config;
    const postgres::ConnectOptions& connect = starter.connect;
    context.policies = policies_of(config);

    ledger::StartRequest request;
    request.schema = config.ledger.schema;
    request.pipeline = config.pipeline;
    request.key = starter.key;
    if (options.intent != ledger::StartRequest::Intent::work) request.slices = planned_slices(context);
    for (const config::Stream& stream : config.streams)
        request.parameters[stream.name] = source::parameter_names(stream.source);
    request.intent = options.intent;
    request.fresh = options.fresh;
    for (const config::Stream& stream : config.streams)
        if (context.policies.of(stream.name).once) request.once.insert(stream.name);
    request.stale = config.run.stale;
    request.adopt_within = config.run.adopt_within;
    request.pgbouncer = config.sink.pgbouncer;

    StartedUp started;
    // Looking at the target takes as long as looking at the ledger, and the heartbeat's connection is idle.
    const auto open_heartbeat = [&] {
        if (started.heartbeat == nullptr || !started.heartbeat->is_open())
            started.heartbeat = std::make_unique<postgres::Connection>(connect);
        request.target.clear();
        started.row_triggers.clear();
        for (const config::Stream& stream : config.streams) {
            if (!stream.stored) continue;
            sink::ensure_target(*started.heartbeat, stream.sink);
            for (std::string& part : sink::target_identity(*started.heartbeat, stream.sink))
                request.target.push_back(std::move(part));
            if (sink::has_row_triggers(*started.heartbeat, stream.sink))
                started.row_triggers.insert(stream.name);
        }
    };
    Session session({.connect = connect, .role = "start", .patience = config.run.patience}, context.clock,
                    context.random);
    std::string encoding;
    std::optional<std::string> exposed;
    std::future<void> beside = std::async(std::launch::async, open_heartbeat);
    session.run(context.stop.no_new_work_token(), [&](postgres::Connection& connection) {
        if (!beside.valid()) beside = std::async(std::launch::async, open_heartbeat);  // a repetition
        bring_ledger_up(connection, config.ledger);
        auto [hash, text] = ledger::fingerprint(
            connection, config.ledger.schema,
            {.whole = config.fingerprint_text, .hashed = config.fingerprinted}, config.held);
        request.fingerprint = std::move(hash);
        if (queue::is_brokered(config.queue))
            context.ledger = ledger::identity(connection, config.ledger.schema);
        encoding = connection.database_encoding();
        request.ascii_only = encoding != "UTF8";
        request.fingerprint_text = request.ascii_only ? escaped_beyond_ascii(text) : std::move(text);
        exposed = plaintext_password(config, connection);
        beside.get();
        request.worker = {.id = starter.worker,
                          .host = host_name(),
                          .pid = ::getpid(),
                          .backend_pid = started.heartbeat->backend_pid()};
        fault_point("before_start");
        started.outcome = ledger::start(connection, request);
        fault_point("after_start");
        if (const auto* begun = std::get_if<ledger::Started>(&started.outcome)) {
            context.facts = facts_of(connection, config, begun->run);
            ledger::Scope of_run;
            of_run.schema = config.ledger.schema;
            of_run.run = begun->run;
            for (const config::Stream& stream : config.streams)
                if (stream.stored) ensure_staging(connection, of_run, stream.sink);
        }
        if (plans_much(started.outcome, request)) {
            const std::string why_not = ledger::refresh_statistics(connection, config.ledger.schema);
            if (!why_not.empty())
                log::warn("could not tell the database's planner of the new run", {{"cause", why_not}});
        }
    });
    if (const auto caveat = encoding_caveat(encoding)) log::warn(*caveat, {});
    if (exposed) log::warn("a credential goes in the clear", {{"cause", *exposed}});
    context.scope = {.schema = config.ledger.schema,
                     .pipeline = config.pipeline,
                     .worker = starter.worker,
                     .run = 0,
                     .stale = config.run.stale,
                     .pgbouncer = config.sink.pgbouncer,
                     .ascii_only = request.ascii_only};
    context.fingerprint = request.fingerprint;
    if (const auto* done = std::get_if<ledger::AlreadySucceeded>(&started.outcome)) {
        context.scope.run = done->run;
    } else if (const auto* begun = std::get_if<ledger::Started>(&started.outcome)) {
        context.scope.run = begun->run;
        started.claimer = session.release();
    } else if (std::holds_alternative<ledger::Busy>(started.outcome)) {
        started.heartbeat.reset();
    }
    return started;
}

/// A worker comes to help one run: beside another it has nothing to wait for.
bool waits_for_its_turn(const RunOptions& options) {
    return options.if_busy == IfBusy::wait && options.intent != ledger::StartRequest::Intent::work;
}

}  // namespace

StartedUp start_up(Context& context, const RunOptions& options) {
    Starter starter;
    starter.worker = new_uuid(context.random);
    starter.key = options.run_key.empty() ? new_uuid(context.random) : options.run_key;
    starter.connect = connect_options(context.config, starter.worker);
    // A migration, the target's DDL and the run's lock may all wait for somebody else's transaction.
    const EndsWaits ends_waits(starter.connect, context.clock, context.stop.no_new_work_token());
    while (true) {
        StartedUp started = start_once(context, options, starter);
        auto* const busy = std::get_if<ledger::Busy>(&started.outcome);
        if (busy == nullptr || !waits_for_its_turn(options)) return started;
        // Then all over: the other run may have stored for hours, and relative dates begin with the start.
        if (!Turn(context, starter.connect, context.scope, starter.key).wait(*busy)) return started;
    }
}

}  // namespace pagehaul::engine
