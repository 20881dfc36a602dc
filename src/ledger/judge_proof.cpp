#include <algorithm>
#include <cmath>

#include "core/fault.h"
#include "ledger/proof.h"
#include "ledger/window.h"

namespace pagehaul::ledger {
namespace {

std::string number(std::int64_t value) {
    return std::to_string(value);
}

std::string counted(std::int64_t count, const std::string& what) {
    return number(count) + " " + what + (count == 1 ? "" : "s");
}

/// The numbers of the pass, for every message that says that they do not agree.
std::string numbers(const SliceSums& sums) {
    return "fetched " + counted(sums.fetched, "row") + " on " + counted(sums.pages, "page") + ": " +
           number(sums.stored) + " stored, " + number(sums.quarantined) + " quarantined, " +
           number(sums.duplicates) + " duplicate, " + counted(sums.distinct_keys, "distinct key");
}

constexpr std::string_view end_not_shown = ", end not shown";

}  // namespace

bool suffices(const std::string& proof, Policy::Required required) {
    switch (required) {
        case Policy::Required::anything:
            return true;
        case Policy::Required::pages:
            return proof != "chain" && !proof.ends_with(end_not_shown);
        case Policy::Required::counts:
            return proof == "counts";
    }
    throw Failure(ErrorKind::bug, "ledger", "a required proof of no kind");
}

std::string insufficient_text(const std::string& proof, Policy::Required required) {
    return std::string("run.require_proof is ") +
           (required == Policy::Required::counts ? "counts" : "pages") + ", and what was shown is: " + proof;
}

bool proves_itself(const Policy& policy, std::optional<std::int64_t> planned, std::int64_t fetched) {
    if (planned != 1) return false;
    // Of a chain that answer said that it is the last one.
    return policy.one_request || policy.linked ||
           (policy.total != Policy::Known::nothing && fetched < policy.page_size);
}

ProofVerdict judge_proof(const Policy& policy, std::optional<std::int64_t> total_before,
                         const ProofReading& reading, const SliceSums& sums) {
    if (!sums.counts_add_up || sums.fetched != sums.stored + sums.quarantined + sums.duplicates)
        return Refuted{"the counts of a page do not add up, a bug of pagehaul: " + numbers(sums)};
    if (sums.all_pages_same) {
        const std::string why = "the API returned the same records for each of " +
                                counted(sums.pages, "page") +
                                ": does it read the page's number where source.request puts it?";
        // Rows that push others back by exactly one page may show twice, but not three times in a row.
        if (sums.pages >= 3) return Refuted{why};
        return Moved{why};
    }
    if (policy.total != Policy::Known::nothing && reading.total != total_before)
        return Moved{"the total changed while the slice was read, from " + number(total_before.value_or(0)) +
                     " to " + (reading.total ? number(*reading.total) : "none") + "; " + numbers(sums)};
    if (!reading.moved.empty()) return Moved{reading.moved + "; " + numbers(sums)};
    if (reading.rows_behind_short > 0)
        return Moved{
            "there " +
            (reading.rows_behind_short == 1 ? std::string("is 1 row")
                                            : "are " + number(reading.rows_behind_short) + " rows") +
            " right behind those of the last page, which was not full: the API moved, or it caps the "
            "page size below source.pagination.size, " +
            number(policy.page_size) + "; " + numbers(sums)};
    if (reading.rows_beyond_end > 0)
        return Moved{"there " +
                     (reading.rows_beyond_end == 1 ? std::string("is 1 row")
                                                   : "are " + number(reading.rows_beyond_end) + " rows") +
                     " beyond the end" +
                     (total_before ? " that the total of " + number(*total_before) + " gives" : "") + "; " +
                     numbers(sums)};
    // An answer that says that there is nothing may tell no total: then nothing was counted.
    const bool by_counts = policy.total == Policy::Known::rows && !policy.total_advisory && total_before;
    if (by_counts && sums.fetched != total_before.value_or(0))
        return Moved{"the API told a total of " + number(total_before.value_or(0)) + "; " + numbers(sums)};
    // Counts would have shown it. A total of pages, or one that is not believed, shows only that there are so
    // many.
    const bool by_pages = policy.total == Policy::Known::pages && total_before;
    if (policy.linked && by_pages && sums.pages != std::max<std::int64_t>(1, total_before.value_or(0)))
        return Moved{"the API told a total of " + counted(total_before.value_or(0), "page") + "; " +
                     numbers(sums)};
    // Of a chain a page may be short, it tells of the next one.
    const bool must_be_full = !policy.linked && !by_counts && policy.end != Policy::End::told;
    if (must_be_full && sums.short_page)
        return Moved{short_page_text(policy, *sums.short_page) + "; " + numbers(sums)};
    if (sums.distinct_keys + sums.duplicates != sums.fetched)
        return Moved{"rows repeat on other pages, or sink.key does not identify a row; " + numbers(sums)};
    std::string proof = by_counts ? "counts" : policy.linked && !by_pages ? "chain" : "pages";
    if (!reading.end_refused.empty()) proof += end_not_shown;
    if (!suffices(proof, policy.required))
        return Refuted{insufficient_text(proof, policy.required) +
                       (reading.end_refused.empty() ? "" : ": " + reading.end_refused)};
    return Proven{std::move(proof)};
}

std::optional<std::string> judge_quarantine(const Policy& policy, std::optional<std::int64_t> total,
                                            const SliceSums& sums) {
    if (sabotaged("blind_proof")) return std::nullopt;
    const std::int64_t rows = policy.total == Policy::Known::rows && total ? *total : sums.fetched;
    const auto over = [&](const std::string& limit) {
        return "quarantined " + number(sums.quarantined) + " of " + counted(rows, "row") +
               ", run.quarantine_limit is " + limit;
    };
    if (policy.quarantine_rows && sums.quarantined > *policy.quarantine_rows)
        return over(number(*policy.quarantine_rows));
    if (policy.quarantine_fraction &&
        static_cast<double>(sums.quarantined) > *policy.quarantine_fraction * static_cast<double>(rows)) {
        std::string percent = std::to_string(*policy.quarantine_fraction * 100);
        percent.erase(percent.find_last_not_of('0') + 1);
        if (percent.back() == '.') percent.pop_back();
        return over(
            percent + "%, that is " +
            number(std::llround(std::floor(*policy.quarantine_fraction * static_cast<double>(rows)))));
    }
    return std::nullopt;
}

}  // namespace pagehaul::ledger
