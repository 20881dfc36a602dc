#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "ledger/types.h"
#include "postgres/connection.h"
#include "report/run_report.h"

namespace pagehaul::report {

struct Question {
    std::string schema;
    std::string pipeline;
    std::optional<std::int64_t> run;  ///< absent: the last one of the pipeline
    ledger::Millis stale{30'000};     ///< a heartbeat older than this is nobody's
    bool pgbouncer = false;
    /// Takes the secrets out of a text that comes from outside. Asked before anything is cut.
    std::function<std::string(std::string)> clean = {};
};

/// There is no such run: what there is instead, in a sentence for people.
struct NoSuchRun {
    std::string why;
};

/// Reads one run from the ledger, in one snapshot; changes nothing. Some dozen statements, whose answers are
/// counted and cut in SQL: 10,000 pages cost what a hundred cost. Throws Failure of kind config when the
/// ledger is of another version than this binary.
std::variant<RunReport, NoSuchRun> read_run(postgres::Connection& connection, const Question& question);

}  // namespace pagehaul::report
