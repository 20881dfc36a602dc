#pragma once

#include <functional>
#include <string>

#include "ledger/statement.h"
#include "report/run_report.h"

namespace pagehaul::report {

// The parts of read.cpp, a file each. Each reads its part of the run that the scope names, inside the
// caller's transaction.

struct Reading {
    postgres::Connection& connection;
    ledger::Scope scope;
    std::function<std::string(std::string)> clean;

    postgres::Rows ask(std::string_view sql, ledger::Variables more = {}) const {
        return connection.exec(ledger::fill(sql, scope, more));
    }
};

// How much of each list the page shows; what is left out is counted.
constexpr std::int64_t max_slices = 1'000;
constexpr std::int64_t max_hole_ranges = 200;
constexpr std::int64_t max_failed_pages = 25;
constexpr std::int64_t max_causes = 20;
constexpr std::int64_t max_slow_pages = 10;
constexpr std::int64_t max_reasons = 20;
constexpr std::int64_t max_samples = 3;
constexpr std::int64_t max_bars = 72;

/// A statement's expression for a timestamp as EpochMs.
std::string epoch_ms(std::string_view column);

void read_streams(const Reading& reading, RunReport& report);
void read_slices(const Reading& reading, RunReport& report);
void read_holes(const Reading& reading, RunReport& report);
void read_timeline(const Reading& reading, RunReport& report);
void read_latency(const Reading& reading, RunReport& report);
void read_retries(const Reading& reading, RunReport& report);
void read_quarantine(const Reading& reading, RunReport& report);

}  // namespace pagehaul::report
