#include "ledger/status.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/setting.h"
#include "core/join.h"
#include "core/printable.h"
#include "engine/shared/connecting.h"
#include "ledger/migrations.h"

namespace pagehaul::cli {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const ledger::SliceStatus& slice) {
    return {{"slice", slice.key},
            {"state", slice.state},
            {"error", slice.error},
            {"pass", slice.pass},
            {"total", slice.total ? ordered_json(*slice.total) : ordered_json(nullptr)},
            {"pages_planned", slice.pages_planned},
            {"pages_done", slice.pages_done},
            {"pages_open", slice.pages_open},
            {"pages_failed", slice.pages_failed},
            {"stored", slice.stored},
            {"quarantined", slice.quarantined},
            {"duplicates", slice.duplicates},
            {"holes", slice.holes}};
}

ordered_json to_json(const ledger::RunSummary& run) {
    ordered_json slices = ordered_json::array();
    for (const ledger::SliceStatus& slice : run.unproven)
        slices.push_back(to_json(slice));
    ordered_json streams = ordered_json::array();
    for (const ledger::StreamSums& of : run.streams)
        streams.push_back({{"stream", of.stream},
                           {"slices", of.slices},
                           {"slices_proven", of.slices_proven},
                           {"slices_failed", of.slices_failed},
                           {"pages_done", of.pages_done},
                           {"rows_stored", of.rows_stored},
                           {"rows_quarantined", of.rows_quarantined}});
    return {{"run", run.id},
            {"keys", run.keys},
            {"state", run.state},
            {"created_at", run.created_at},
            {"finished_at", run.finished_at.empty() ? ordered_json(nullptr) : ordered_json(run.finished_at)},
            {"stop_reason", run.stop_reason},
            {"verdict", run.verdict_json.empty() ? ordered_json(nullptr)
                                                 : ordered_json::parse(run.verdict_json, nullptr, false)},
            {"fresh_workers", run.fresh_workers},
            {"slices", run.slices},
            {"slices_proven", run.slices_proven},
            {"slices_end_not_shown", run.slices_end_not_shown},
            {"slices_failed", run.slices_failed},
            {"pages_done", run.pages_done},
            {"pages_open", run.pages_open},
            {"pages_failed", run.pages_failed},
            {"rows_stored", run.rows_stored},
            {"rows_quarantined", run.rows_quarantined},
            {"streams", streams},
            {"unproven", slices}};
}

/// Text by text: in the whole document a secret may be one of the numbers.
void take_secrets_out(ordered_json& json) {
    if (json.is_string()) json = redacted(json.get_ref<const std::string&>());
    if (!json.is_structured()) return;
    for (ordered_json& part : json)
        take_secrets_out(part);
}

void print_json(const ledger::PipelineStatus& status) {
    ordered_json document{{"pipeline", status.pipeline},
                          {"ledger_version", status.ledger_version},
                          {"known_version", ledger::newest_version()},
                          {"runs", ordered_json::array()},
                          {"slices_left", status.slices_left},
                          {"left", ordered_json::array()},
                          {"quarantined_rows", status.quarantined_rows}};
    for (const ledger::RunSummary& run : status.runs)
        document["runs"].push_back(to_json(run));
    for (const ledger::LeftSummary& slice : status.left)
        document["left"].push_back({{"run", slice.run}, {"slice", slice.slice}, {"why", slice.why}});
    ordered_json samples = ordered_json::array();
    for (const ledger::QuarantineSample& sample : status.samples) {
        samples.push_back({{"run", sample.run},
                           {"slice", sample.slice},
                           {"page", sample.page},
                           {"row", sample.row ? ordered_json(*sample.row) : ordered_json(nullptr)},
                           {"reason", sample.reason},
                           {"payload", sample.payload}});
    }
    document["quarantine"] = samples;
    take_secrets_out(document);
    // What printable() spells out can only stand in a string, and is spelt as JSON does.
    std::cout << printable_lines(document.dump(2, ' ', false, ordered_json::error_handler_t::replace))
              << '\n';
}

std::string holes_text(const ledger::SliceStatus& slice) {
    std::string text = join(slice.holes, ", ", [](std::int64_t no) { return std::to_string(no); });
    const auto open = slice.pages_open + slice.pages_failed;
    if (open > static_cast<std::int64_t>(slice.holes.size())) text += ", …";
    return text;
}

void print_run(const ledger::RunSummary& run) {
    std::cout << "run " << run.id << "  " << run.state << "  started " << run.created_at;
    if (!run.finished_at.empty()) std::cout << "  ended " << run.finished_at;
    if (run.fresh_workers > 0) std::cout << "  " << run.fresh_workers << " processes at work";
    std::cout << "\n  slices " << run.slices_proven << " of " << run.slices << " proven";
    if (run.slices_end_not_shown > 0)
        std::cout << ", of " << run.slices_end_not_shown << " the end not shown";
    if (run.slices_failed > 0) std::cout << ", " << run.slices_failed << " failed";
    std::cout << "; pages " << run.pages_done << " done, " << run.pages_open << " open, " << run.pages_failed
              << " failed; rows " << run.rows_stored << " stored, " << run.rows_quarantined
              << " quarantined\n";
    for (const ledger::StreamSums& of : run.streams)
        std::cout << "  stream " << of.stream << ": slices " << of.slices_proven << " of " << of.slices
                  << " proven, " << of.slices_failed << " failed; rows " << of.rows_stored << " stored, "
                  << of.rows_quarantined << " quarantined\n";
    if (!run.stop_reason.empty()) std::cout << "  stopped: " << for_people(run.stop_reason) << '\n';
    for (const ledger::SliceStatus& slice : run.unproven) {
        std::cout << "  " << slice.state << "  " << for_people(slice.key) << "  pass " << slice.pass << ", "
                  << slice.pages_done << " of " << slice.pages_planned << " pages";
        if (!slice.holes.empty()) std::cout << ", missing: " << holes_text(slice);
        std::cout << '\n';
        if (!slice.error.empty()) std::cout << "    " << for_people(slice.error) << '\n';
    }
}

/// Nothing where this program has made the ledger what it is, or there is none yet.
void print_versions(int of_ledger) {
    if (of_ledger == 0 || of_ledger == ledger::newest_version()) return;
    std::cout << "ledger at version " << of_ledger << ", this binary knows " << ledger::newest_version()
              << '\n';
}

void print_text(const ledger::PipelineStatus& status) {
    print_versions(status.ledger_version);
    if (status.runs.empty()) {
        std::cout << "pipeline " << for_people(status.pipeline) << " has not run yet\n";
        return;
    }
    std::cout << "pipeline " << for_people(status.pipeline) << '\n';
    for (const ledger::RunSummary& run : status.runs)
        print_run(run);
    if (status.slices_left > 0) {
        std::cout << "left by older runs: " << status.slices_left
                  << (status.slices_left == 1 ? " slice" : " slices")
                  << ", which `pagehaul abandon RUN|SLICE --why TEXT` closes; the newest:\n";
    }
    for (const ledger::LeftSummary& slice : status.left) {
        std::cout << "  run " << slice.run << "  " << for_people(slice.slice)
                  << (slice.why.empty() ? "" : ": ") << for_people(slice.why) << '\n';
    }
    if (status.quarantined_rows == 0) return;
    std::cout << "quarantine: " << status.quarantined_rows << " rows; the newest:\n";
    for (const ledger::QuarantineSample& sample : status.samples) {
        std::cout << "  run " << sample.run << "  " << for_people(sample.slice) << "  page " << sample.page;
        if (sample.row) std::cout << " row " << *sample.row;
        std::cout << ": " << for_people(sample.reason) << '\n';
    }
}

}  // namespace

ExitCode status(const StatusArguments& arguments) {
    const config::Config config = load_config(arguments.config);
    postgres::Connection connection(engine::connect_options(config, "status"));
    const ledger::PipelineStatus status = ledger::read_status(
        connection, config.ledger.schema, config.pipeline, arguments.runs, config.run.stale.count());
    arguments.json ? print_json(status) : print_text(status);
    return ExitCode::ok;
}

}  // namespace pagehaul::cli
