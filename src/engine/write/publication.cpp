#include "engine/write/publication.h"

#include <utility>

#include "ledger/publish.h"
#include "log/log.h"

namespace pagehaul::engine {
namespace {

constexpr const char* begin_sql = "SET LOCAL statement_timeout = 0; SAVEPOINT publication";
// Deferred constraints speak now, while it can still be taken back.
constexpr const char* keep_sql = "SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT publication";
constexpr const char* take_back_sql = "ROLLBACK TO SAVEPOINT publication; RELEASE SAVEPOINT publication";

ledger::Refuted refused(const postgres::SqlError& failure) {
    const std::string text = failure.error().message;
    if (failure.is_unique_violation())
        return {
            "sink.key: the table has rows already that the slice brings, of another slice or of somebody "
            "else: " +
            text};
    return {"the table refuses the slice's rows: " + text};
}

sink::Pass pass_of(const ledger::Claim& proof) {
    return {.slice = proof.slice_id, .pass = proof.pass};
}

}  // namespace

Publication::Of::Of(const config::Stream& stream, const sink::Staging* its_staging)
    : sink(stream.sink), staging(its_staging), requests(stream.source) {
    if (sink.vanished != config::Vanished::keep) vanishing.emplace(sink);
}

Publication::Publication(const Context& context, const Targets& targets) : context_(context) {
    for (const config::Stream& stream : context.config.streams) {
        if (!context.policies.of(stream.name).publishes) continue;
        const auto& staging = targets.of(stream.name).staging;
        streams_.emplace(stream.name, std::make_unique<Of>(stream, staging ? &*staging : nullptr));
    }
}

std::optional<ledger::ProofVerdict> Publication::publish(postgres::Connection& connection,
                                                         const ledger::Claim& proof,
                                                         const ledger::SliceSums& sums,
                                                         const ledger::Proven& shown) {
    const auto of = streams_.find(proof.stream);
    if (of == streams_.end()) return std::nullopt;
    connection.exec(begin_sql);
    try {
        std::optional<ledger::ProofVerdict> other = change(connection, *of->second, proof, sums, shown);
        connection.exec(other ? take_back_sql : keep_sql);
        return other;
    } catch (const postgres::SqlError& failure) {
        if (!failure.is_data()) throw;
        connection.exec(take_back_sql);
        return refused(failure);
    }
}

std::optional<ledger::ProofVerdict> Publication::change(postgres::Connection& connection, Of& of,
                                                        const ledger::Claim& proof,
                                                        const ledger::SliceSums& sums,
                                                        const ledger::Proven& shown) {
    if (of.staging == nullptr) {
        const std::string unknown = keys_unknown(sums, shown);
        if (unknown.empty()) {
            auto other = of.vanishing->settle(connection, context_.scope, proof, sums, fields_of(of, proof));
            changed_ += of.vanishing->removed();
            return other;
        }
        log::warn("rows that a slice may have no more stay as they are",
                  {{"slice", proof.slice_key}, {"cause", unknown}});
        return std::nullopt;
    }
    return of.sink.mode == config::Mode::append ? append(connection, of, proof, sums.stored)
                                                : replace(connection, of, proof, sums.stored);
}

std::optional<ledger::ProofVerdict> Publication::append(postgres::Connection& connection, const Of& of,
                                                        const ledger::Claim& proof, std::int64_t rows) {
    switch (ledger::note_published(connection, context_.scope, proof, rows)) {
        case ledger::Published::now:
            break;
        case ledger::Published::before:
            return std::nullopt;
        case ledger::Published::otherwise:
            return ledger::Refuted{
                "the slice was appended when it was another one, a step that had not ended say: its rows "
                "cannot be told from those that are in the table (sink.mode: append)"};
    }
    ledger::act_as_role(connection);
    return insert(connection, of, proof, rows);
}

std::optional<ledger::ProofVerdict> Publication::replace(postgres::Connection& connection, const Of& of,
                                                         const ledger::Claim& proof, std::int64_t rows) {
    const std::vector<record::SliceField> slice = fields_of(of, proof);
    ledger::act_as_role(connection);
    if (rows == 0 && !of.sink.allow_empty && of.staging->has_rows(connection, slice))
        return ledger::Refuted{
            "the slice has no rows, and the table has some of it: sink.allow_empty lets nothing take their "
            "place"};
    changed_ += of.staging->remove(connection, slice);
    return insert(connection, of, proof, rows);
}

std::optional<ledger::ProofVerdict> Publication::insert(postgres::Connection& connection, const Of& of,
                                                        const ledger::Claim& proof, std::int64_t rows) {
    const std::int64_t inserted = of.staging->insert(connection, pass_of(proof));
    changed_ += inserted;
    if (inserted == rows) return std::nullopt;
    // Counted only now: it takes a tenth of the time that they take to insert.
    const std::int64_t staged = of.staging->count(connection, pass_of(proof));
    if (staged != rows)
        return ledger::Moved{"of the " + std::to_string(rows) + " rows that were stored " +
                             std::to_string(staged) + " are in the staging table"};
    return ledger::Refuted{"of " + std::to_string(rows) + " rows the table took " + std::to_string(inserted) +
                           ": does a trigger suppress some?"};
}

std::vector<record::SliceField> Publication::fields_of(const Of& of, const ledger::Claim& proof) const {
    const auto slice = source::slice_from_json(proof.slice_key, proof.slice_params, proof.stream);
    if (!slice) throw Failure(slice.error());
    auto fields = record::slice_fields(of.sink, of.requests.column_values(of.sink, *slice, context_.facts));
    if (!fields) throw Failure(fields.error());
    return std::move(*fields);
}

}  // namespace pagehaul::engine
