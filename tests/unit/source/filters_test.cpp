#include <gtest/gtest.h>

#include "source/template.h"

namespace pagehaul::source {
namespace {

const Slice kOctober{.key = "date=2026-10-25",
                     .params = {{"date", {"2026-10-25", false}},
                                {"date_end", {"2026-10-31", false}},
                                {"t", {"2026-10-25T02:00:00+02:00", false}},
                                {"a", {"x", false}}}};

std::vector<config::Dimension> berlin() {
    config::DateDimension dates;
    dates.zone = "Europe/Berlin";
    return {{.name = "date", .values = dates}};
}

std::string expanded(const Result<Template>& compiled) {
    if (!compiled) return "refused: " + compiled.error().message;
    static const std::vector<config::Dimension> dimensions = berlin();
    const RunFacts run{.id = "7", .started_at = "2026-11-22T10:00:00.5Z"};
    std::string out;
    const auto done = compiled->expand(out, {.slice = kOctober, .dimensions = &dimensions, .run = &run});
    return done ? out : "refused: " + done.error().message;
}
std::string text(std::string_view text) {
    return expanded(Template::compile(text, Encoding::plain, "here"));
}
std::string json(std::string_view text) {
    return expanded(Template::compile_json(text, "here"));
}

TEST(Filters, FormatADay) {
    EXPECT_EQ(text("{{ slice.date | format('%Y%m%d') }}"), "20261025");
    EXPECT_EQ(text("{{slice.date|format(\"%d/%m/%y\")}}-{{ slice.date_end }}"), "25/10/26-2026-10-31");
    EXPECT_EQ(text("{{ slice.date | format('%FT%T%z') }}"), "2026-10-25T00:00:00+0200");
}

TEST(Filters, CountADayFromItsZonesMidnight) {
    EXPECT_EQ(text("{{ slice.date | epoch }}"), "1792879200");
    EXPECT_EQ(text("{{ slice.date | epoch_ms }}"), "1792879200000");
    // The day after the change of the clock begins an hour later.
    EXPECT_EQ(text("{{ slice.date_end | epoch }}"), "1793401200");
}

TEST(Filters, TakeTheClockOfATimeAsItIsWritten) {
    EXPECT_EQ(text("{{ slice.t | format('%H:%M') }}"), "02:00");
    EXPECT_EQ(text("{{ slice.t | epoch }}"), "1792886400");
}

TEST(Filters, KeepTheTypeOfAWholeJsonValue) {
    EXPECT_EQ(
        json(
            R"({"a":"{{ slice.date | epoch }}","b":"{{ slice.date | format('%Y') }}","c":"at {{ slice.t | epoch }}"})"),
        R"({"a":1792879200,"b":"2026","c":"at 1792886400"})");
}

TEST(Filters, AreForTimesAlone) {
    EXPECT_EQ(text("{{ page.number | epoch }}"), "refused: expected no filter: it is no time");
    EXPECT_EQ(text("{{ run.id | epoch }}"), "refused: expected no filter: it is no time");
    EXPECT_EQ(text("{{ slice.a | epoch }}"), "refused: expected a time before |, got another value");
    EXPECT_EQ(text("{{ slice.date | epok }}"),
              "refused: expected epoch, epoch_ms or format('%Y%m%d') after |");
    EXPECT_EQ(text("{{ slice.date | format(%Y) }}"),
              "refused: expected epoch, epoch_ms or format('%Y%m%d') after |");
}

TEST(NextDay, IsTheOneBehindASlicesLast) {
    EXPECT_EQ(text("{{ slice.date_next }}"), "2026-11-01");
    EXPECT_EQ(text("{{ slice.date_next | epoch }}"), "1793487600");
    EXPECT_EQ(text("{{ slice.a_next }}"), "refused: the slice \"date=2026-10-25\" has no parameter a_next");
}

TEST(RunFacts, AreWhatAColumnTellsOfTheRun) {
    EXPECT_EQ(text("{{ run.id }} {{ run.started_at }} {{ run.started_at | epoch }}"),
              "7 2026-11-22T10:00:00.5Z 1795341600");
    EXPECT_EQ(json(R"("{{ run.id }}")"), "7");
}

}  // namespace
}  // namespace pagehaul::source
