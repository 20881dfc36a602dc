#include "report/read.h"

#include <nlohmann/json.hpp>

#include "ledger/migrations.h"
#include "postgres/quoting.h"
#include "report/config_lines.h"
#include "report/reading.h"

namespace pagehaul::report {
namespace {

constexpr std::string_view snapshot_sql = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

constexpr std::string_view find_sql = R"(
SELECT (SELECT r.id FROM {s}.run r WHERE r.id = {wanted} AND r.pipeline = {pipeline}),
    (SELECT max(r.id) FROM {s}.run r WHERE r.pipeline = {pipeline}),
    coalesce((SELECT r.pipeline FROM {s}.run r WHERE r.id = {wanted}), ''),
    (SELECT count(*) FROM {s}.run r WHERE r.pipeline = {pipeline}))";
constexpr std::string_view there_are_sql = R"(
SELECT string_agg(n.id || ' (' || n.state || ', ' || to_char(n.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') ||
    ' UTC)', ', ' ORDER BY n.id DESC)
FROM (SELECT id, state, created_at FROM {s}.run WHERE pipeline = {pipeline} ORDER BY id DESC LIMIT 10) n)";

// The start that took a run over ended it in the transaction that made its own.
constexpr std::string_view run_sql = R"(
SELECT r.state, r.intent = 'retry', {created}, {finished}, coalesce(r.stop_reason, ''), coalesce(r.key_overlap, ''),
    coalesce(r.verdict, ''), r.fingerprint_text, {now},
    CASE WHEN r.state = 'superseded' THEN (SELECT max(n.id) FROM {s}.run n
        WHERE n.pipeline = r.pipeline AND n.id > r.id AND n.created_at <= r.finished_at) END
FROM {s}.run r WHERE r.id = {run})";
constexpr std::string_view keys_sql = "SELECT key FROM {s}.run_key WHERE run_id = {run} ORDER BY key";
constexpr std::string_view processes_sql = R"(
SELECT w.host, w.pid, {started}, {seen}, w.stopped_at IS NOT NULL, w.stopped_at IS NULL AND NOT {dead},
    w.pages, coalesce(w.rows_stored, 0), coalesce(w.requests, 0), coalesce(w.setbacks, 0), w.exit_code
FROM {s}.worker w WHERE w.run_id = {run} ORDER BY w.started_at, w.id)";

constexpr std::string_view totals_sql = R"(
SELECT s.slices, s.proven, s.failed, s.open, s.by_pages, s.told_by, s.told, s.planned,
    d.pages, d.fetched, d.stored, d.quarantined, d.duplicates,
    p.pending, p.leased, p.unavailable, p.refused, p.again, s.end_not_shown, s.by_chain
FROM (SELECT count(*) AS slices, count(*) FILTER (WHERE state IN ('proven', 'split')) AS proven,
        count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'open') AS open,
        count(*) FILTER (WHERE proof LIKE 'pages%') AS by_pages, count(*) FILTER (WHERE proof = 'chain') AS by_chain,
        count(*) FILTER (WHERE proof LIKE '%, end not shown') AS end_not_shown, count(total) AS told_by,
        coalesce(sum(total), 0)::bigint AS told, coalesce(sum(planned), 0)::bigint AS planned
    FROM {s}.slice WHERE run_id = {run}) s,
(SELECT coalesce(sum(t.pages), 0)::bigint AS pages, coalesce(sum(t.fetched), 0)::bigint AS fetched,
        coalesce(sum(t.stored), 0)::bigint AS stored, coalesce(sum(t.quarantined), 0)::bigint AS quarantined,
        coalesce(sum(t.duplicates), 0)::bigint AS duplicates
    FROM {s}.slice s JOIN {s}.tally t ON t.slice_id = s.id AND t.pass = s.pass WHERE s.run_id = {run}) d,
(SELECT count(*) FILTER (WHERE p.state = 'pending' AND p.pass = s.pass) AS pending,
        count(*) FILTER (WHERE p.state = 'leased' AND p.pass = s.pass) AS leased,
        count(*) FILTER (WHERE p.failure = 'unavailable' AND p.pass = s.pass) AS unavailable,
        count(*) FILTER (WHERE p.failure = 'refused' AND p.pass = s.pass) AS refused,
        count(*) FILTER (WHERE p.state = 'done' AND p.no > 0 AND p.pass < s.pass) AS again
    FROM {s}.slice s JOIN {s}.page p ON p.slice_id = s.id WHERE s.run_id = {run}) p)";

std::optional<Verdict> verdict_of(const std::string& json) {
    const auto line = nlohmann::json::parse(json, nullptr, false);
    if (!line.is_object()) return std::nullopt;
    Verdict verdict{.word = line.value("verdict", ""), .reason = line.value("reason", ""), .exit_code = {}};
    if (line.contains("exit_code") && line["exit_code"].is_number_integer())
        verdict.exit_code = line["exit_code"].get<int>();
    return verdict;
}

RunFacts::State state_of(const std::string& state) {
    if (state == "running") return RunFacts::State::running;
    if (state == "succeeded") return RunFacts::State::succeeded;
    if (state == "superseded") return RunFacts::State::superseded;
    throw Failure(ErrorKind::bug, "ledger", "a run has the state " + state);
}

void read_facts(const Reading& reading, RunReport& report) {
    const auto row = reading.ask(run_sql, {{"created", epoch_ms("r.created_at")},
                                           {"finished", epoch_ms("r.finished_at")},
                                           {"now", epoch_ms(ledger::fill("{s}.clock()", reading.scope))}});
    report.made = row.integer(0, 8);
    RunFacts& run = report.run;
    run.id = reading.scope.run;
    run.pipeline = reading.scope.pipeline;
    run.state = state_of(row.text(0, 0));
    run.is_retry = row.boolean(0, 1);
    run.created = row.integer(0, 2);
    run.finished = ledger::optional_integer(row[0][3]);
    run.stop_reason = reading.clean(row.text(0, 4));
    run.key_overlap = reading.clean(row.text(0, 5));
    run.verdict = verdict_of(reading.clean(row.text(0, 6)));
    run.config_text = reading.clean(row.text(0, 7));
    run.successor = ledger::optional_integer(row[0][9]);
    const auto keys = reading.ask(keys_sql);
    for (std::size_t i = 0; i < keys.size(); ++i)
        run.keys.push_back(reading.clean(keys.text(i, 0)));
    const auto processes =
        reading.ask(processes_sql, {{"started", epoch_ms("w.started_at")},
                                    {"seen", epoch_ms("coalesce(w.stopped_at, w.heartbeat_at)")},
                                    {"dead", ledger::dead_condition("w", reading.scope, true)}});
    for (std::size_t i = 0; i < processes.size(); ++i) {
        run.processes.push_back({.host = reading.clean(processes.text(i, 0)),
                                 .pid = processes.integer(i, 1),
                                 .started = processes.integer(i, 2),
                                 .last_seen = processes.integer(i, 3),
                                 .settled = processes.boolean(i, 4),
                                 .alive = processes.boolean(i, 5),
                                 .exit_code = ledger::optional_integer(processes[i][10])});
        if (const auto pages = ledger::optional_integer(processes[i][6]))
            run.processes.back().done = {.pages = *pages,
                                         .rows = processes.integer(i, 7),
                                         .requests = processes.integer(i, 8),
                                         .setbacks = processes.integer(i, 9)};
    }
    const ConfigLines lines(run.config_text);
    report.told = lines.told();
    report.told_is_advisory = lines.told_is_advisory();
}

void read_totals(const Reading& reading, RunReport& report) {
    const auto row = reading.ask(totals_sql);
    report.totals = {.slices = row.integer(0, 0),
                     .proven = row.integer(0, 1),
                     .failed = row.integer(0, 2),
                     .open = row.integer(0, 3),
                     .proven_by_pages = row.integer(0, 4),
                     .proven_by_chain = row.integer(0, 19),
                     .end_not_shown = row.integer(0, 18),
                     .slices_told = row.integer(0, 5),
                     .told = row.integer(0, 6),
                     .pages_planned = row.integer(0, 7),
                     .done = {.pages = row.integer(0, 8),
                              .fetched = row.integer(0, 9),
                              .stored = row.integer(0, 10),
                              .quarantined = row.integer(0, 11),
                              .duplicates = row.integer(0, 12)},
                     .pages_pending = row.integer(0, 13),
                     .pages_leased = row.integer(0, 14),
                     .pages_unavailable = row.integer(0, 15),
                     .pages_refused = row.integer(0, 16),
                     .pages_again = row.integer(0, 17)};
}

std::string no_such_run(const Reading& reading, const Question& question, const postgres::Rows& found) {
    const std::int64_t runs = found.integer(0, 3);
    std::string why = question.run ? "there is no run " + std::to_string(*question.run) + " of pipeline " +
                                         question.pipeline
                                   : "pipeline " + question.pipeline + " has not run yet";
    if (const std::string& other = found.text(0, 2); question.run && !other.empty())
        why += ": it is a run of pipeline " + other;
    if (runs == 0) return question.run ? why + "; the ledger has no run of this pipeline" : why;
    why += "; the ledger has " + reading.ask(there_are_sql).text(0, 0);
    if (runs > 10) why += " and " + std::to_string(runs - 10) + " older ones";
    return why;
}

void refuse_unreadable(postgres::Connection& connection, const std::string& schema) {
    const ledger::Installed installed = ledger::installed(connection, schema);
    ledger::refuse_unserved(installed, schema);
    if (installed.version == 0 || installed.version >= ledger::newest_version()) return;
    throw Failure(ErrorKind::config, "ledger.schema",
                  "the ledger in schema " + postgres::quote_identifier(schema) + " is at version " +
                      std::to_string(installed.version) + ", a report needs " +
                      std::to_string(ledger::newest_version()) +
                      ": `pagehaul migrate` upgrades it, and so does the next run");
}

}  // namespace

std::string epoch_ms(std::string_view column) {
    return "floor(extract(epoch FROM " + std::string(column) + ") * 1000)::bigint";
}

std::variant<RunReport, NoSuchRun> read_run(postgres::Connection& connection, const Question& question) {
    refuse_unreadable(connection, question.schema);
    if (ledger::installed(connection, question.schema).version == 0)
        return NoSuchRun{"there is no ledger in schema " + postgres::quote_identifier(question.schema) +
                         " yet: pipeline " + question.pipeline + " has not run"};
    connection.begin(std::string(snapshot_sql));
    Reading reading{.connection = connection,
                    .scope = {.schema = question.schema,
                              .pipeline = question.pipeline,
                              .worker = "",
                              .run = 0,
                              .stale = question.stale,
                              .pgbouncer = question.pgbouncer},
                    .clean = question.clean ? question.clean : [](std::string text) { return text; }};
    const auto found =
        reading.ask(find_sql, {{"wanted", question.run ? std::to_string(*question.run) : "NULL"}});
    const auto run = ledger::optional_integer(found[0][question.run ? 0 : 1]);
    if (!run) {
        NoSuchRun none{no_such_run(reading, question, found)};
        connection.rollback();
        return none;
    }
    reading.scope.run = *run;
    RunReport report;
    report.ledger_schema = question.schema;
    read_facts(reading, report);
    read_totals(reading, report);
    read_streams(reading, report);
    read_slices(reading, report);
    read_holes(reading, report);
    read_timeline(reading, report);
    read_latency(reading, report);
    read_retries(reading, report);
    read_quarantine(reading, report);
    connection.rollback();
    return report;
}

}  // namespace pagehaul::report
