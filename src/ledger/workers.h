#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

// What each process of a run says of itself in its row, so that one of them can tell of all.

/// Since the process's start.
struct WorkerFigures {
    std::int64_t pages = 0;     ///< stored
    std::int64_t rows = 0;      ///< stored
    std::int64_t requests = 0;  ///< sent
    std::int64_t setbacks = 0;  ///< tries that brought no page
    std::int64_t in_flight = 0;
    std::int64_t in_flight_limit = 0;
    std::int64_t redeliveries = 0;    ///< messages of a broker that somebody had had before
    bool credential_refused = false;  ///< the newest that it has; for the others, and never the credential
};

/// A process of the run, as of its last heartbeat.
struct WorkerNow {
    std::string name;  ///< its host, with the pid behind a colon where that is not 1: in a pod, the pod's
    WorkerFigures figures;
};

/// The last word of a process that has settled.
void leave(postgres::Connection& connection, const Scope& scope, const WorkerFigures& figures, int exit_code);

/// The assignments of an UPDATE of `worker`.
std::string figures_assigned(const WorkerFigures& figures);
/// A subquery for a JSON array of the run's processes that are at work, `worker` itself among them, a hundred
/// at most; for read_workers. `{dead}` is the caller's.
constexpr std::string_view workers_at_work_sql = R"(
(SELECT json_agg(json_build_array(o.host || CASE WHEN o.pid = 1 THEN '' ELSE ':' || o.pid END,
    coalesce(o.pages, 0), coalesce(o.rows_stored, 0), coalesce(o.requests, 0), coalesce(o.setbacks, 0),
    coalesce(o.in_flight, 0), coalesce(o.in_flight_limit, 0),
    coalesce(o.redeliveries, 0)))::text
FROM (SELECT o.* FROM {s}.worker o WHERE o.run_id = {run} AND o.stopped_at IS NULL AND NOT {dead}
    ORDER BY o.started_at, o.id LIMIT 100) o))";
std::vector<WorkerNow> read_workers(const std::string& json);

}  // namespace pagehaul::ledger
