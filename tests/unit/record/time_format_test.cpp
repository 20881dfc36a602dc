#include "record/time_format.h"

#include <gtest/gtest.h>

#include "conversion.h"
#include "decoding.h"

namespace pagehaul::record {
namespace {

using config::ColumnType;

config::Column column(ColumnType type, std::optional<std::string> format,
                      std::optional<std::string> zone = {}) {
    config::Column out;
    out.name = "t";
    out.type = type;
    out.format = std::move(format);
    out.zone = std::move(zone);
    return out;
}

std::string shown(const config::Column& column, const std::string& text, Kind kind = Kind::string) {
    CopyBuffer out(0);
    const TimeFormat format(column);
    if (const Refusal refusal = format.convert({text, kind, false}, out, nullptr)) return refusal;
    return out.take();
}

std::string key(const config::Column& column, const std::string& text, Kind kind = Kind::string) {
    CopyBuffer out(0);
    std::string key;
    return TimeFormat(column).convert({text, kind, false}, out, &key) == nullptr ? key : "refused";
}

TEST(TimeFormat, ReadsAnEpochInItsUnitFromNumbersAndStrings) {
    const auto of = [](const char* format, const std::string& text, Kind kind) {
        return shown(column(ColumnType::timestamptz, format), text, kind);
    };
    EXPECT_EQ(of("epoch", "1790000000", Kind::integer), "2026-09-21 14:13:20.000000+00");
    EXPECT_EQ(of("epoch", "1790000000.25", Kind::decimal), "2026-09-21 14:13:20.250000+00");
    EXPECT_EQ(of("epoch", "1.79e9", Kind::exponent), "2026-09-21 14:13:20.000000+00");
    EXPECT_EQ(of("epoch", "1790000000.1234567", Kind::string), "2026-09-21 14:13:20.123457+00");
    EXPECT_EQ(of("epoch_ms", "1790000000123", Kind::integer), "2026-09-21 14:13:20.123000+00");
    EXPECT_EQ(of("epoch_us", "1790000000123456", Kind::string), "2026-09-21 14:13:20.123456+00");
    EXPECT_EQ(of("epoch_us", "0.6", Kind::decimal), "1970-01-01 00:00:00.000001+00");
    EXPECT_EQ(of("epoch", "-0.5", Kind::decimal), "1969-12-31 23:59:59.500000+00");
    EXPECT_EQ(of("epoch", "1e-9", Kind::exponent), "1970-01-01 00:00:00.000000+00");
    EXPECT_EQ(of("epoch", "1790000000000", Kind::integer), "expected a time as format says: epoch");
    EXPECT_EQ(of("epoch", "1e300", Kind::exponent), "expected a time as format says: epoch");
    EXPECT_EQ(of("epoch", "2026-10-01", Kind::string), "expected a time as format says: epoch");
    EXPECT_EQ(of("epoch", "", Kind::string), "expected a time as format says: epoch");
    EXPECT_EQ(of("epoch", "true", Kind::boolean_true), "expected a time as format says: epoch");
}

TEST(TimeFormat, ShowsAnEpochByTheClockOfUtcOrOfTheZone) {
    EXPECT_EQ(shown(column(ColumnType::date, "epoch"), "1790035200", Kind::integer), "2026-09-22");
    EXPECT_EQ(shown(column(ColumnType::date, "epoch", "America/New_York"), "1790035200", Kind::integer),
              "2026-09-21");
    EXPECT_EQ(shown(column(ColumnType::time, "epoch", "Asia/Shanghai"), "1790000000", Kind::integer),
              "22:13:20.000000");
    EXPECT_EQ(shown(column(ColumnType::timestamp, "epoch_ms", "Asia/Shanghai"), "1790000000000"),
              "2026-09-21 22:13:20.000000");
}

TEST(TimeFormat, ReadsPatternsAndRefusesWhatTheyLeaveOver) {
    const config::Column day = column(ColumnType::date, "%d/%m/%Y");
    EXPECT_EQ(shown(day, "01/10/2026"), "2026-10-01");
    EXPECT_EQ(shown(day, "01/10/2026 "), "expected a time as format says: %d/%m/%Y");
    EXPECT_EQ(shown(day, "2026-10-01"), "expected a time as format says: %d/%m/%Y");
    EXPECT_EQ(shown(column(ColumnType::date, "%Y%m%d"), "20261001", Kind::integer), "2026-10-01");
    EXPECT_EQ(shown(column(ColumnType::date, "%Y%m%d"), "2026100.1", Kind::decimal),
              "expected a time as format says: %Y%m%d");
    EXPECT_EQ(shown(column(ColumnType::time, "%I:%M %p"), "01:05 PM"), "13:05:00.000000");
    EXPECT_EQ(shown(column(ColumnType::timestamp, "%Y-%m-%d"), "2026-10-01"), "2026-10-01 00:00:00.000000");
    EXPECT_EQ(shown(column(ColumnType::timestamptz, "%d %b %Y %H:%M %z"), "01 Oct 2026 00:30 +0200"),
              "2026-09-30 22:30:00.000000+00");
}

TEST(TimeFormat, TakesADateOfAStampAsItIsWrittenOrAsTheZoneHasIt) {
    EXPECT_EQ(shown(column(ColumnType::date, "iso"), "2026-10-01T00:30:00+02:00"), "2026-10-01");
    EXPECT_EQ(shown(column(ColumnType::date, "iso"), "2026-10-01T00:30:00"), "2026-10-01");
    EXPECT_EQ(shown(column(ColumnType::date, "iso", "Etc/UTC"), "2026-10-01T00:30:00+02:00"), "2026-09-30");
    EXPECT_EQ(shown(column(ColumnType::timestamp, {}, "Europe/Berlin"), "2026-07-01T10:00:00Z"),
              "2026-07-01 12:00:00.000000");
    EXPECT_EQ(shown(column(ColumnType::date, "iso"), "yesterday"),
              "expected a time such as 2026-10-01T12:00:00+02:00");
}

TEST(TimeFormat, PutsStampsWithoutAnOffsetIntoTheZone) {
    const config::Column berlin = column(ColumnType::timestamptz, {}, "Europe/Berlin");
    EXPECT_EQ(shown(berlin, "2026-07-01 12:00:00"), "2026-07-01 10:00:00.000000+00");
    EXPECT_EQ(shown(berlin, "2026-07-01T12:00:00Z"), "2026-07-01 12:00:00.000000+00");
    EXPECT_EQ(shown(column(ColumnType::timestamptz, "%Y-%m-%d %H:%M", "Asia/Shanghai"), "2026-10-01 08:00"),
              "2026-10-01 00:00:00.000000+00");
}

// PostgreSQL's rule: the offset before a gap, the one after a change that repeats an hour.
TEST(TimeFormat, HasARuleForLocalTimesThatAreNotOrAreTwice) {
    const config::Column berlin = column(ColumnType::timestamptz, {}, "Europe/Berlin");
    EXPECT_EQ(shown(berlin, "2026-03-29 01:59:59"), "2026-03-29 00:59:59.000000+00");
    EXPECT_EQ(shown(berlin, "2026-03-29 02:30:00"), "2026-03-29 01:30:00.000000+00");
    EXPECT_EQ(shown(berlin, "2026-03-29 03:00:00"), "2026-03-29 01:00:00.000000+00");
    EXPECT_EQ(shown(berlin, "2026-10-25 02:30:00"), "2026-10-25 01:30:00.000000+00");
    EXPECT_EQ(shown(berlin, "2026-10-25 01:59:59"), "2026-10-24 23:59:59.000000+00");
}

TEST(TimeFormat, KnowsTheClockOfAZoneAfter2037WhereItStandsStill) {
    EXPECT_EQ(shown(column(ColumnType::timestamptz, {}, "Asia/Shanghai"), "9999-12-31 00:00:00"),
              "9999-12-30 16:00:00.000000+00");
    EXPECT_EQ(shown(column(ColumnType::timestamptz, {}, "Europe/Berlin"), "2037-12-31 00:00:00"),
              "2037-12-30 23:00:00.000000+00");
    const std::string refused = "expected a time such as 2026-10-01T12:00:00+02:00";
    EXPECT_EQ(shown(column(ColumnType::timestamptz, {}, "Europe/Berlin"), "2038-07-01 00:00:00"), refused);
    EXPECT_EQ(shown(column(ColumnType::date, {}, "Europe/Berlin"), "2038-07-01T00:00:00Z"), refused);
    EXPECT_EQ(shown(column(ColumnType::timestamptz, {}, "Europe/Berlin"), "2038-07-01T00:00:00Z"),
              "2038-07-01 00:00:00.000000+00");
}

TEST(TimeFormat, GivesEqualTimesTheKeyThatTheyHaveWithoutAFormat) {
    const std::string instant = canonical(convert_timestamptz, "2026-09-21T14:13:20Z");
    EXPECT_EQ(key(column(ColumnType::timestamptz, "epoch"), "1790000000", Kind::integer), instant);
    EXPECT_EQ(key(column(ColumnType::timestamptz, {}, "Asia/Shanghai"), "2026-09-21 22:13:20"), instant);
    EXPECT_EQ(key(column(ColumnType::timestamptz, "%F %T %z"), "2026-09-21 16:13:20 +0200"), instant);
    EXPECT_EQ(key(column(ColumnType::date, "%Y%m%d"), "20260921"), canonical(convert_date, "2026-09-21"));
    EXPECT_EQ(key(column(ColumnType::time, "%H%M"), "1413"), canonical(convert_time, "14:13"));
}

TEST(TimeFormat, BelongsToItsColumnWhateverElseTheColumnDoes) {
    config::Column stamp = record::column("at", ColumnType::timestamptz);
    stamp.format = "epoch";
    stamp.null_if = {"0"};
    const auto page = decode_rows(sink_of({record::column("id"), stamp}),
                                  R"([{"id":1,"at":1790000000},{"id":2,"at":0},{"id":3,"at":"x"}])");
    EXPECT_EQ(page.copy, "0\t1\t2026-09-21 14:13:20.000000+00\n1\t2\t\\N\n");
    ASSERT_EQ(page.bad.size(), 1U);
    EXPECT_EQ(page.bad.front().reason, "column at: expected a time as format says: epoch, got a string `x`");
    stamp.array = true;
    EXPECT_EQ(
        decode_rows(sink_of({record::column("id"), stamp}), R"([{"id":1,"at":[1790000000,null]}])").copy,
        "0\t1\t{\"2026-09-21 14:13:20.000000+00\",NULL}\n");
}

TEST(TimeFormat, NamesAZoneThatIsNone) {
    EXPECT_THROW(TimeFormat(column(ColumnType::date, "epoch", "Mars/Olympus")), Failure);
}

}  // namespace
}  // namespace pagehaul::record
