#include "report/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/chart.h"
#include "report/config_lines.h"
#include "report_samples.h"

namespace pagehaul::report {
namespace {

using ::testing::AllOf;
using testing::ended_with;
using testing::good_run;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* evil = "<script>alert(1)</script>\"'><img src=http://evil.test/x>";

TEST(Render, AGoodRunSaysSoAndHasNoHoles) {
    const std::string page = render(good_run());
    EXPECT_THAT(page, AllOf(HasSubstr("Complete: nothing is missing"), HasSubstr("exit code 0"),
                            HasSubstr("250 stored + 0 quarantined + 0 duplicate = 250, and that agrees."),
                            HasSubstr("shop.orders"), HasSubstr("Nothing is in quarantine."),
                            Not(HasSubstr("id=\"holes\""))));
}

TEST(Render, TellsOfEachStreamWhereThereAreSome) {
    RunReport report = good_run();
    EXPECT_THAT(render(report), Not(HasSubstr("Streams")));
    report.streams = {{.name = "orders", .slices = 1, .proven = 1, .pages = 3, .stored = 250},
                      {.name = "items", .slices = 250, .proven = 240, .failed = 4, .stored = 700}};
    const std::string page = render(report);
    EXPECT_THAT(page, HasSubstr("✓ complete"));
    EXPECT_THAT(page, HasSubstr("✕ 4 slices failed"));
    EXPECT_THAT(page, HasSubstr("Rows of all streams: "));
    EXPECT_THAT(page, Not(HasSubstr("The API told ")));
}

TEST(Render, NothingIsLoadedFromAnywhere) {
    const std::string page = render(good_run());
    EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("src=")), Not(HasSubstr("@import")),
                            Not(HasSubstr("url(")), Not(HasSubstr("http://")), Not(HasSubstr("https://"))));
    EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(Render, EveryTextFromOutsideIsEscaped) {
    RunReport report = ended_with(65, evil);
    report.version = evil;
    report.ledger_schema = evil;
    report.run.pipeline = evil;
    report.run.keys = {evil};
    report.run.stop_reason = evil;
    report.run.key_overlap = evil;
    report.run.config_text = "sink.table = \"<script>x</script>\"\n";
    report.run.processes.front().host = evil;
    Slice& slice = report.slices.items.front();
    slice.key = slice.why = evil;
    slice.state = "failed";
    report.holes = {.ranges = {.items = {{.slice = evil, .first = 1, .last = 2}}, .of = 1}, .pages = 2};
    report.failed_pages = {
        .items = {{.slice = evil, .no = 2, .for_good = true, .setbacks = 1, .error = evil}}, .of = 1};
    report.slowest.front().slice = evil;
    report.retries = {
        .by_tries = {}, .causes = {.items = {{.text = evil, .times = 1}}, .of = 1}, .setbacks = 1};
    report.quarantine = {.rows = 1,
                         .pages = 0,
                         .reasons = {.items = {{.reason = evil,
                                                .rows = 1,
                                                .pages = 0,
                                                .samples = {{.slice = evil,
                                                             .reason = evil,
                                                             .payload = evil,
                                                             .page = 1,
                                                             .row = 3,
                                                             .payload_length = 999}}}},
                                     .of = 1}};
    const std::string page = render(report);
    EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("\"'>"))));
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

TEST(Render, OurOwnWordsAreEscapedAsWell) {
    RunReport report = good_run();
    report.totals.told = 1'000'000;
    EXPECT_THAT(render(report), AllOf(HasSubstr("<dd>&lt; 0.1 %<"), Not(HasSubstr("<dd>< 0.1 %"))));
}

TEST(Render, SaysWhatItLeavesOut) {
    RunReport report = good_run();
    report.slices.of = 2'001;
    report.slices_left_out_unproven = 4;
    EXPECT_THAT(render(report),
                HasSubstr("2,000 of 2,001 slices are left out of this page: 4 of them failed"));
    report.slices_left_out_unproven = 0;
    EXPECT_THAT(render(report), HasSubstr("left out of this page: all of them proven"));
    report.failed_pages = {.items = {{.slice = "a", .no = 1, .for_good = false, .setbacks = 8, .error = ""}},
                           .of = 30};
    EXPECT_THAT(render(report), HasSubstr("29 of 30 failed pages are left out here"));
    report.retries = {
        .by_tries = {}, .causes = {.items = {{.text = "503", .times = 5}}, .of = 3}, .setbacks = 9};
    EXPECT_THAT(render(report), HasSubstr("2 of 3 causes, rarer than these, are left out here"));
}

TEST(Render, BeyondTwentyFiveTheSlicesAreFoldedUp) {
    RunReport report = good_run();
    report.slices.items.assign(30, report.slices.items.front());
    report.slices.of = 30;
    EXPECT_THAT(render(report), HasSubstr("Show 5 slices more"));
    report.slices.items.resize(25);
    report.slices.of = 25;
    EXPECT_THAT(render(report), Not(HasSubstr("slices more")));
}

TEST(Render, APayloadThatWasCutSaysSo) {
    RunReport report = good_run();
    report.quarantine = {.rows = 5,
                         .pages = 0,
                         .reasons = {.items = {{.reason = "r",
                                                .rows = 5,
                                                .pages = 0,
                                                .samples = {{.slice = "all",
                                                             .reason = "r",
                                                             .payload = "abc",
                                                             .page = 1,
                                                             .row = 0,
                                                             .payload_length = 5'000}}}},
                                     .of = 1}};
    EXPECT_THAT(render(report),
                AllOf(HasSubstr("The first 3 of 5,000 characters"), HasSubstr("The first 1 sample<")));
}

TEST(Render, HolesAreRangesBySlice) {
    RunReport report = ended_with(143);
    report.holes = {.ranges = {.items = {{.slice = "a", .first = 3, .last = 7},
                                         {.slice = "a", .first = 12, .last = 12},
                                         {.slice = "b", .first = 1, .last = 1}},
                               .of = 3},
                    .pages = 7};
    EXPECT_THAT(render(report),
                AllOf(HasSubstr("7 pages are not stored"), HasSubstr("3–7, 12<"), HasSubstr(">6<")));
}

TEST(Render, ARunFromBeforeTheLedgerKeptTimesSaysSo) {
    RunReport report = good_run();
    report.latency = {};
    report.timeline.panels.front().bars = {{0, 0}};
    EXPECT_THAT(render(report), AllOf(HasSubstr("older than the ledger's record of how long"),
                                      HasSubstr("older than the ledger's record of when")));
}

TEST(Draw, EmptyBarsAreNotDrawnAndLowOnesCanBeSeen) {
    BarChart chart{.id = "c", .title = "t", .description = "d", .bars = {}, .marks = {}};
    chart.bars = {
        {.value = 10'000, .label = "many"}, {.value = 0, .label = "nought"}, {.value = 1, .label = "one"}};
    const std::string svg = draw(chart).source();
    EXPECT_THAT(svg, AllOf(HasSubstr("many"), Not(HasSubstr(">nought<")),
                           HasSubstr("y=\"99\" width=\"8\" height=\"1\"")));
}

TEST(Draw, TheAxisEndsAtARoundNumberNotFarAboveTheHighestBar) {
    const auto top_of = [](std::int64_t highest) {
        const std::string svg = draw({.id = "c",
                                      .title = "t",
                                      .description = "d",
                                      .bars = {{.value = highest, .label = "x"}},
                                      .marks = {}})
                                    .source();
        const std::size_t at = svg.find("bottom:100%\">") + 13;
        return svg.substr(at, svg.find('<', at) - at);
    };
    EXPECT_EQ(top_of(0), "1");
    EXPECT_EQ(top_of(1), "1");
    EXPECT_EQ(top_of(3), "4");
    EXPECT_EQ(top_of(107), "120");
    EXPECT_EQ(top_of(9'001), "10,000");
}

TEST(Draw, MarksThatWouldOverlapAreLeftOut) {
    BarChart chart{.id = "c", .title = "t", .description = "d", .bars = {}, .marks = {}};
    for (int i = 0; i < 50; ++i) {
        chart.bars.push_back({.value = 1, .label = "x"});
        chart.marks.push_back({.bar = static_cast<std::size_t>(i), .text = "m" + std::to_string(i)});
    }
    const std::string svg = draw(chart).source();
    EXPECT_THAT(svg, AllOf(HasSubstr(">m0<"), Not(HasSubstr(">m1<")), HasSubstr(">m9<")));
}

TEST(DrawParts, APartIsNeverTooThinToSeeAndTheWholeStaysTheWhole) {
    const std::string svg = draw_parts("t", {{1'000'000, "a", "a"}, {1, "b", "b"}, {0, "c", "c"}}).source();
    EXPECT_THAT(svg, AllOf(HasSubstr("class=\"b\""), Not(HasSubstr("class=\"c\""))));
    EXPECT_THAT(svg, HasSubstr("width=\"5.96\""));
}

TEST(ConfigLines, TellWhatTheRunWasMadeWith) {
    const ConfigLines lines(
        "sink.key.0 = \"id\"\nsink.key.1 = \"day\"\nsink.mode = \"upsert\"\nsink.table = \"shop.orders\"\n"
        "source.base_url = \"https://a.test\"\nsource.pagination.size = 100\nsource.pagination.total.pages = "
        "null\n"
        "source.pagination.total.rows = \"/total\"\nsource.pagination.total.trust = \"advisory\"\n"
        "source.request.method = \"GET\"\nsource.request.path = \"/o\"\nsource.slices.day.from = \"-7d\"\n"
        "source.slices.day.step = \"1d\"\nsource.slices.day.to = \"-1d\"\nsource.slices.shop.0 = "
        "1\nsource.slices.shop.1 = 2\n");
    EXPECT_EQ(lines.told(), Told::rows);
    EXPECT_TRUE(lines.told_is_advisory());
    using Fact = std::pair<std::string, std::string>;
    EXPECT_THAT(
        lines.facts(),
        ::testing::ElementsAre(Fact{"API", "https://a.test"}, Fact{"Request", "GET /o"},
                               Fact{"Slices", "day: -7d to -1d, step 1d; shop: 1, 2"},
                               Fact{"Rows a page", "100"}, Fact{"Total", "in rows, at /total, advisory"},
                               Fact{"Table", "shop.orders"}, Fact{"Key", "id, day"}, Fact{"Mode", "upsert"}));
    EXPECT_EQ(ConfigLines("").told(), Told::nothing);
    EXPECT_TRUE(ConfigLines("").facts().empty());
}

}  // namespace
}  // namespace pagehaul::report
