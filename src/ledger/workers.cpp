#include "ledger/workers.h"

#include <nlohmann/json.hpp>

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view leave_sql =
    "UPDATE {s}.worker SET {figures}, exit_code = {exit_code} WHERE id = {worker}";

}  // namespace

void leave(postgres::Connection& connection, const Scope& scope, const WorkerFigures& figures,
           int exit_code) {
    connection.exec(fill(leave_sql, scope,
                         {{"figures", figures_assigned(figures)}, {"exit_code", std::to_string(exit_code)}}));
}

std::string figures_assigned(const WorkerFigures& figures) {
    return "pages = " + std::to_string(figures.pages) + ", rows_stored = " + std::to_string(figures.rows) +
           ", requests = " + std::to_string(figures.requests) +
           ", setbacks = " + std::to_string(figures.setbacks) +
           ", in_flight = " + std::to_string(figures.in_flight) +
           ", in_flight_limit = " + std::to_string(figures.in_flight_limit) +
           ", redeliveries = " + std::to_string(figures.redeliveries) +
           ", credential_refused = " + (figures.credential_refused ? "true" : "false");
}

std::vector<WorkerNow> read_workers(const std::string& json) {
    const auto listed = nlohmann::json::parse(json, nullptr, false);
    std::vector<WorkerNow> workers;
    if (!listed.is_array()) return workers;
    for (const auto& one : listed)
        workers.push_back({.name = one.at(0).get<std::string>(),
                           .figures = {.pages = one.at(1).get<std::int64_t>(),
                                       .rows = one.at(2).get<std::int64_t>(),
                                       .requests = one.at(3).get<std::int64_t>(),
                                       .setbacks = one.at(4).get<std::int64_t>(),
                                       .in_flight = one.at(5).get<std::int64_t>(),
                                       .in_flight_limit = one.at(6).get<std::int64_t>(),
                                       .redeliveries = one.at(7).get<std::int64_t>()}});
    return workers;
}

}  // namespace pagehaul::ledger
