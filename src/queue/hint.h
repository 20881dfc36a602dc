#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace pagehaul::queue {

/// A message that names more is none of ours.
constexpr std::size_t most_pages_of_a_hint = 1'000;

/// What a message says: these pages are worth trying. Whether they are, and for whom, the ledger knows.
struct Hint {
    struct Page {
        std::int64_t slice = 0;
        std::int64_t no = 0;  ///< 0: the proof of the slice
        friend bool operator==(const Page&, const Page&) = default;
    };
    std::string pipeline;
    std::string config;  ///< the fingerprint of the run's config: for people; no reader goes by it
    std::string
        ledger{};  ///< which one numbers the run, as ledger::identity says; empty: of an older program
    std::int64_t run = 0;
    std::vector<Page> pages;  ///< at least one
    friend bool operator==(const Hint&, const Hint&) = default;
};

/// As a line of JSON. Readers pass over members that they do not know, so that the next version may add some;
/// `v` grows only when one of these means something else. The pages behind the first stand in such a member,
/// `more`: who is of a version before it takes the first alone, and the others are told of anew.
std::string write_hint(const Hint& hint);

/// Errors are kind data and say what was expected.
Result<Hint> read_hint(std::string_view body);

/// Whether a hint is for this pipeline of this ledger. One of an older program is, if its pipeline has the
/// name.
bool is_of(const Hint& hint, std::string_view pipeline, std::string_view ledger);

}  // namespace pagehaul::queue
