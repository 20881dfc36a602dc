#include "engine/shared/grace_policy.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

using std::chrono::seconds;

TEST(AGrace, IsADurationOrANumberOfSeconds) {
    EXPECT_EQ(parse_grace("15s").value(), Millis{15'000});
    EXPECT_EQ(parse_grace("15").value(), Millis{15'000});
    EXPECT_EQ(parse_grace("2m").value(), Millis{120'000});
    EXPECT_EQ(parse_grace("7500ms").value(), Millis{7'500});
    EXPECT_EQ(parse_grace("5").value(), kLeastGrace);
    EXPECT_EQ(parse_grace("30d").value(), std::chrono::days(30));
}

TEST(AGrace, IsNothingElseAndNoneThatIsTooShort) {
    for (const char* text : {"", "soon", "15 s", " 15s", "1.5", "15S", "0x10", "-15", "-15s", "4s", "4999ms",
                             "0", "31d", "9223372036854775807", "99999999999999999999"}) {
        const auto grace = parse_grace(text);
        ASSERT_FALSE(grace) << text;
        EXPECT_EQ(grace.error().kind, ErrorKind::config) << text;
        EXPECT_EQ(grace.error().origin, "PAGEHAUL_GRACE");
    }
    EXPECT_EQ(parse_grace("4s").error().message, "expected 5s to 30d, not 4s");
}

TEST(TheDrain, IsTheConfigsWhereNoGraceWasTold) {
    EXPECT_EQ(drain_within(seconds{20}, std::nullopt), seconds{20});
}

TEST(TheDrain, IsWhatTheOtherPartsLeave) {
    const auto within = [](Nanos grace) { return drain_within(seconds{20}, grace); };
    EXPECT_EQ(within(seconds{600}), seconds{20});
    EXPECT_EQ(within(seconds{36}), seconds{20}) << "16 s for what follows";
    EXPECT_EQ(within(seconds{33}), seconds{17});
    EXPECT_EQ(within(seconds{30}), seconds{15}) << "half of a shorter one";
    EXPECT_EQ(within(seconds{15}), Millis{7'500});
    EXPECT_EQ(within(seconds{6}), seconds{2}) << "a quarter of 16 s stays for what follows";
    EXPECT_EQ(within(kLeastGrace), seconds{1});
    EXPECT_EQ(drain_within(Nanos{0}, seconds{15}), Nanos{0});
}

TEST(APartOfTheStop, HasItsFullLengthOrMoreWhereNothingIsShort) {
    for (const StopPart part : {StopPart::flush, StopPart::settle, StopPart::push})
        EXPECT_GE(part_within(part, seconds{16}), full_length(part));
    EXPECT_EQ(part_within(StopPart::flush, seconds{26}), seconds{16}) << "what the drain did not use";
}

TEST(APartOfTheStop, LeavesWhatThoseAfterItNeedInProportion) {
    EXPECT_EQ(part_within(StopPart::flush, seconds{4}), Millis{1'500});
    EXPECT_EQ(part_within(StopPart::settle, Millis{2'500}), Millis{1'750});
    EXPECT_EQ(part_within(StopPart::push, Millis{750}), Millis{750});
}

TEST(APartOfTheStop, HasNothingWhereNothingIsLeft) {
    for (const StopPart part : {StopPart::flush, StopPart::settle, StopPart::push}) {
        EXPECT_EQ(part_within(part, Nanos{0}), Nanos{0});
        EXPECT_EQ(part_within(part, seconds{-3}), Nanos{0});
    }
}

TEST(TheParts, AreOverWithTheGraceWhicheverTakesAllItMay) {
    for (const int grace : {5, 6, 8, 15, 30, 36, 60}) {
        Nanos left = seconds{grace} - drain_within(seconds{20}, seconds{grace});
        for (const StopPart part : {StopPart::flush, StopPart::settle, StopPart::push}) {
            const Nanos taken = part_within(part, left);
            EXPECT_GE(taken, full_length(part) / 4 - Millis{1}) << grace << " s";
            left -= taken;
        }
        EXPECT_GE(left, Nanos{0}) << grace << " s";
    }
}

}  // namespace
}  // namespace pagehaul::engine
