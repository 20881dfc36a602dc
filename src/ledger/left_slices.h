#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ledger/start.h"
#include "ledger/types.h"
#include "postgres/connection.h"

namespace pagehaul::ledger {

/// A slice that is left: open or failed in a run that nobody works on, and neither taken over by a newer run
/// nor abandoned.
struct LeftSlice {
    std::int64_t id = 0;
    std::int64_t run = 0;
    std::string key;
    std::string params;  ///< JSON object
    std::string stream{};
    bool is_child = false;
    std::string why;           ///< what its run says of it; may be empty
    std::string split_from{};  ///< the key of the planned slice that it is a part of; empty: of none
};

/// Of all runs but `scope.run`, the newest run's first.
std::vector<LeftSlice> left_slices(postgres::Connection& connection, const Scope& scope);

/// What becomes of slices that are left when a run with `planned` begins, whose slices have these parameters.
struct Carried {
    std::vector<PlannedSlice> more;        ///< to be pulled anew beside `planned`
    std::vector<std::int64_t> more_from;   ///< the run of each
    std::vector<std::int64_t> taken_over;  ///< ids of slices: of those, and of what `planned` covers
    std::vector<std::string> warnings;
};
/// Pure: every slice that has its stream's parameters is carried over; what has others, or is of a stream
/// that is not pulled, stays left, and is named. A part of a slice is covered with the whole, and so is a
/// window that others, in other steps, ask for; one of which they ask for a part stays left.
Carried carry_over(const std::vector<PlannedSlice>& planned, const std::vector<LeftSlice>& left,
                   const ParametersByStream& parameters);

/// Notes which run has taken them over.
void note_taken_over(postgres::Connection& connection, const Scope& scope,
                     const std::vector<std::int64_t>& ids);
/// They count as done with from now on, because of `why`; what is not pulled of them is dropped.
void abandon_slices(postgres::Connection& connection, const Scope& scope,
                    const std::vector<std::int64_t>& ids, const std::string& why);

/// What was closed: "date=2026-10-01 of run 3", one each.
struct Abandoned {
    std::vector<std::string> slices;
};
struct NothingLeft {};  ///< by that name
/// `pagehaul abandon`: closes the slices that are left and have the key, or those of the run with this id,
/// which then is superseded and gives its keys up. In a transaction of its own, under the pipeline's lock;
/// nothing of a run with fresh workers is closed. @param what a run's id or a slice's key
std::variant<Abandoned, NothingLeft> abandon(postgres::Connection& connection, const Scope& scope,
                                             std::string_view what, const std::string& why);

}  // namespace pagehaul::ledger
