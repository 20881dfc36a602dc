// The steps of the ledger's schema as a program of the next version knows them: one more, as whoever adds one
// is to write it (src/ledger/README.md, "Versions"). Linked before the library it takes the place of
// src/ledger/schema.cpp, and all else is this version's.
#include "ledger/schema.h"

#include <algorithm>
#include <array>

#define schema_steps steps_of_this_version
#include "ledger/schema.cpp"
#undef schema_steps

namespace pagehaul::ledger {
namespace {

constexpr int this_version = steps.back().version;
constexpr std::string_view one_more = "ALTER TABLE {s}.run ADD COLUMN of_the_next_version text";

constexpr auto with_the_next = [] {
    std::array<SchemaStep, steps.size() + 1> all{};
    std::ranges::copy(steps, all.begin());
    all.back() = {.version = this_version + 1, .serves_from = this_version, .sql = one_more};
    return all;
}();

}  // namespace

std::span<const SchemaStep> schema_steps() {
    return with_the_next;
}

}  // namespace pagehaul::ledger
