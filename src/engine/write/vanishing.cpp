#include "engine/write/vanishing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "config/values.h"
#include "ledger/key_count.h"
#include "ledger/keys.h"
#include "ledger/publish.h"

namespace pagehaul::engine {
namespace {

// Of eight bytes each; what has more is looked at in parts, each of which reads everything.
constexpr std::int64_t keys_at_once = std::int64_t{2} << 20U;
constexpr std::size_t key_bytes = 8;

bool is_of_part(std::int64_t hash, std::uint64_t part, std::uint64_t parts) {
    return static_cast<std::uint64_t>(hash) % parts == part;
}

}  // namespace

std::optional<std::string> refuse_vanishing(const config::QuarantineLimit& limit, std::int64_t vanished,
                                            std::int64_t rows) {
    const double most = limit.fraction ? std::floor(*limit.fraction * static_cast<double>(rows))
                                       : static_cast<double>(limit.rows.value_or(0));
    if (static_cast<double>(vanished) <= most) return std::nullopt;
    return "of " + std::to_string(rows) + " rows that the table has of the slice the API has " +
           std::to_string(vanished) + " no more, sink.vanished_limit is " +
           config::write_quarantine_limit(limit) + ": nothing was marked or deleted";
}

std::string keys_unknown(const ledger::SliceSums& sums, const ledger::Proven& shown) {
    if (sums.quarantined > 0) return "rows of it are in quarantine, and may be those that seem to be gone";
    if (shown.by == "pages, end not shown") return "its end was not shown";
    return "";
}

std::optional<ledger::ProofVerdict> Vanishing::settle(postgres::Connection& connection,
                                                      const ledger::Scope& scope, const ledger::Claim& proof,
                                                      const ledger::SliceSums& sums,
                                                      const std::vector<record::SliceField>& slice) {
    removed_ = 0;
    const Found found = find(connection, scope, proof, sums.fetched, slice);
    if (auto why = refuse_vanishing(sink_.vanished_limit, std::ssize(found.vanished), found.rows))
        return ledger::Refuted{std::move(*why)};
    ledger::act_as_role(connection);
    removed_ = rows_.remove(connection, found.vanished);
    if (removed_ != std::ssize(found.vanished))
        return ledger::Refuted{"of " + std::to_string(found.vanished.size()) +
                               " rows that have vanished the table let go of " + std::to_string(removed_) +
                               ": does a trigger keep some, or somebody else change them?"};
    return std::nullopt;
}

Vanishing::Found Vanishing::find(postgres::Connection& connection, const ledger::Scope& scope,
                                 const ledger::Claim& proof, std::int64_t keys,
                                 const std::vector<record::SliceField>& slice) {
    Found found;
    const auto parts = static_cast<std::uint64_t>(keys / keys_at_once + 1);
    for (std::uint64_t part = 0; part < parts; ++part) {
        std::vector<std::int64_t> known;
        ledger::act_as_ledger(connection);
        ledger::read_keys_of(connection, scope, proof.slice_id, [&](std::int64_t, std::string_view packed) {
            for (std::size_t at = 0; at + key_bytes <= packed.size(); at += key_bytes) {
                const std::int64_t hash = ledger::unpack_key(packed.substr(at, key_bytes));
                if (is_of_part(hash, part, parts)) known.push_back(hash);
            }
            return true;
        });
        std::sort(known.begin(), known.end());
        ledger::act_as_role(connection);
        rows_.read(connection, slice, key_.columns(),
                   [&](sink::RowPlace row, const std::vector<std::optional<std::string>>& key) {
                       if (part == 0) ++found.rows;
                       // What no record can have as its key was not put there by us.
                       const auto hash = key_.hash(key);
                       if (!hash || !is_of_part(*hash, part, parts)) return;
                       if (!std::binary_search(known.begin(), known.end(), *hash))
                           found.vanished.push_back(std::move(row));
                   });
    }
    return found;
}

}  // namespace pagehaul::engine
