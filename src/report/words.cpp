#include "report/words.h"

#include <algorithm>

#include "core/exit_code.h"
#include "core/number_text.h"
#include "report/text.h"

namespace pagehaul::report {
namespace {

constexpr const char* run_again =
    "Run it again: `pagehaul run -c pipeline.yaml` fetches only the pages that are missing.";

Words succeeded(const RunReport& report) {
    const Totals& totals = report.totals;
    Words words{.tone = Words::Tone::good,
                .headline = "Complete: nothing is missing",
                .meaning = "",
                .next = "Nothing to do.",
                .exit_code = static_cast<int>(ExitCode::ok),
                .reason = ""};
    if (totals.slices == 0) {
        words.tone = Words::Tone::careful;
        words.headline = "Nothing was due";
        words.meaning =
            "No day that the pipeline asks for was ready (`ready_at`): nothing was pulled, nothing is "
            "stored.";
        words.next = "Run it again once the day's data is ready; the start's warnings say when.";
    } else if (totals.proven_by_chain > 0)
        words.meaning =
            "Every page that a page told of is stored, and the API said that there are no more. It tells no "
            "binding "
            "number of rows or pages, so its word is all that shows the end.";
    else if (totals.proven_by_pages == 0)
        words.meaning =
            "Every page is stored. The total that the API told, the rows fetched and the distinct keys agree "
            "in "
            "every slice.";
    else
        words.meaning =
            "Every page is stored, and the API had no further pages. It tells no binding number of rows, so "
            "this is "
            "shown by pages, not by a count of rows.";
    if (totals.end_not_shown > 0) {
        words.tone = Words::Tone::careful;
        words.headline = "Stored what was told; the end is not shown";
        words.meaning = std::string("Every page is stored") +
                        (totals.proven_by_pages == 0 ? ", and as many rows as the API told" : "") +
                        ". But of " + counted(totals.end_not_shown, "slice") +
                        " the API refused the page behind the last one: there may be nothing behind it, or "
                        "only nothing that it gives.";
        words.next =
            "If that refusal is how it says that there are no more pages, write the rule that stands with "
            "the slice below. If it is a cap, make slices smaller. `run.require_proof` makes such a run "
            "fail.";
    }
    if (totals.done.quarantined > 0) {
        words.tone = Words::Tone::careful;
        words.headline = (totals.end_not_shown > 0 ? "Stored what was told, with " : "Complete, with ") +
                         counted(totals.done.quarantined, "row") + " in quarantine" +
                         (totals.end_not_shown > 0 ? "; the end is not shown" : "");
        words.next =
            (totals.end_not_shown > 0 ? words.next + " " : "") +
            "Look at the quarantine below. Once its cause is repaired, `pagehaul retry -c pipeline.yaml` "
            "pulls those slices again.";
    }
    return words;
}

Words superseded(const RunReport& report) {
    const std::string by =
        report.run.successor ? "run " + std::to_string(*report.run.successor) : "a newer run";
    return {.tone = Words::Tone::careful,
            .headline = "Not finished: " + by + " has taken over",
            .meaning = "What this run had not proven became slices of " + by + ".",
            .next = "Look at the report of " + by + ".",
            .exit_code = std::nullopt,
            .reason = ""};
}

Words busy(const RunReport& report) {
    const Totals& totals = report.totals;
    const std::int64_t open = totals.pages_pending + totals.pages_leased;
    return {.tone = Words::Tone::busy,
            .headline = "Still running",
            .meaning = "This page shows the run as it was at " + time_text(report.made) + ": " +
                       counted(totals.done.pages, "page") + " stored, " + number_text(open) +
                       " known and to come. Whether it is complete is only known at its end.",
            .next = "Make the report again once the run has ended.",
            .exit_code = std::nullopt,
            .reason = report.run.stop_reason.empty() ? "" : "it was told to stop: " + report.run.stop_reason};
}

Words died(const RunReport& report) {
    return {
        .tone = Words::Tone::bad,
        .headline = "Ended without a word",
        .meaning =
            "The last process was killed or lost: no memory left, a node that went away, or kill -9. Last "
            "heard of at " +
            time_text(report.run.ended()) + ". What it had stored is safe.",
        .next = run_again,
        .exit_code = std::nullopt,
        .reason = report.run.stop_reason};
}

Words ended(const Verdict& verdict) {
    Words words{.tone = Words::Tone::careful,
                .headline = "",
                .meaning = "",
                .next = run_again,
                .exit_code = verdict.exit_code,
                .reason = verdict.reason};
    switch (static_cast<ExitCode>(verdict.exit_code.value_or(static_cast<int>(ExitCode::bug)))) {
        case ExitCode::data:
            words.tone = Words::Tone::bad;
            words.headline = "Failed: the data was refused";
            words.meaning =
                "More rows in quarantine than allowed, a page that the API refuses for good, or a proof that "
                "came out "
                "wrong. Running it again as it is would end the same way.";
            words.next =
                "Look at what failed below and repair its cause; then `pagehaul retry -c pipeline.yaml` "
                "pulls those slices again.";
            return words;
        case ExitCode::unavailable:
            words.headline = "Incomplete: the API or the database was not available";
            words.meaning = "What was reached is stored and safe, the rest is missing.";
            words.next =
                "Run it again once both answer: `pagehaul run -c pipeline.yaml` tries the failed pages "
                "again and fetches only what is missing.";
            return words;
        case ExitCode::incomplete:
            words.headline = "Incomplete: the time was over";
            words.meaning = "The run stopped in order before it was done. What it had stored is safe.";
            return words;
        case ExitCode::terminated:
        case ExitCode::interrupted:
            words.headline =
                std::string("Incomplete: stopped by ") +
                (*verdict.exit_code == static_cast<int>(ExitCode::terminated) ? "SIGTERM" : "SIGINT");
            words.meaning = "It was told to stop, and did so in order. What it had stored is safe.";
            return words;
        case ExitCode::credential:
            words.tone = Words::Tone::bad;
            words.headline = "Failed: the credentials were refused";
            words.meaning = "The API or the database no longer accepts them. What was stored before is safe.";
            words.next = "Renew the secret that `source.auth` or `sink.dsn` names, then run it again.";
            return words;
        case ExitCode::config:
            words.tone = Words::Tone::bad;
            words.headline = "Failed: the config cannot work";
            words.meaning = "What the pipeline's file says does not fit the API or the database.";
            words.next = "Repair the file, try it with `pagehaul check -c pipeline.yaml`, then run it again.";
            return words;
        case ExitCode::ok:
        case ExitCode::usage:
        case ExitCode::bug:
            break;
    }
    words.tone = Words::Tone::bad;
    words.headline = "Failed: a bug of pagehaul";
    words.meaning = "This should not happen. What was stored before is safe.";
    words.next = std::string(run_again) + " And please report it, with the log.";
    return words;
}

}  // namespace

std::optional<std::int64_t> missing(Told told, std::optional<std::int64_t> total, const Counts& done) {
    if (!total || told == Told::nothing) return std::nullopt;
    return *total - (told == Told::rows ? done.accounted() : done.pages);
}

Words words_for(const RunReport& report) {
    const RunFacts& run = report.run;
    if (run.state == RunFacts::State::succeeded) return succeeded(report);
    if (run.state == RunFacts::State::superseded) return superseded(report);
    if (run.alive()) return busy(report);
    // The verdict holds only if the process that was there last came to say it.
    const auto last =
        std::max_element(run.processes.begin(), run.processes.end(),
                         [](const Process& a, const Process& b) { return a.last_seen < b.last_seen; });
    const bool last_settled = last != run.processes.end() && last->settled;
    if (!run.verdict || !last_settled) return died(report);
    return ended(*run.verdict);
}

}  // namespace pagehaul::report
