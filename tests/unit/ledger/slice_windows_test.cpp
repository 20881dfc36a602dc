#include "ledger/slice_windows.h"

#include <gtest/gtest.h>

namespace pagehaul::ledger {
namespace {

using Shared = SliceWindows::Shared;

std::string days(const std::string& from, const std::string& to, const std::string& more = "") {
    return R"({"d":")" + from + R"(","d_end":")" + to + "\"" + more + "}";
}

std::string times(const std::string& from, const std::string& next) {
    return R"({"t":")" + from + R"(","t_end":"not read","t_next":")" + next + "\"}";
}

TEST(SliceWindows, SeveralTogetherAskForAllOfOne) {
    SliceWindows windows;
    for (const char* day : {"2026-02-27", "2026-03-01", "2026-02-28", "2026-03-03"})
        windows.add("", days(day, day));
    EXPECT_EQ(windows.shared("", days("2026-02-27", "2026-03-01")), Shared::all);
    EXPECT_EQ(windows.shared("", days("2026-02-28", "2026-02-28")), Shared::all);
    EXPECT_EQ(windows.shared("", days("2026-02-26", "2026-02-27")), Shared::a_part);
    EXPECT_EQ(windows.shared("", days("2026-03-01", "2026-03-03")), Shared::a_part)
        << "the second is missing";
    EXPECT_EQ(windows.shared("", days("2026-03-02", "2026-03-02")), Shared::nothing);
    EXPECT_EQ(windows.shared("", days("2026-03-04", "2026-03-09")), Shared::nothing);
}

TEST(SliceWindows, AreOfOneStreamAndOfEqualOtherParams) {
    SliceWindows windows;
    windows.add("orders", days("2026-03-01", "2026-03-07", R"(,"shop":1)"));
    EXPECT_EQ(windows.shared("orders", days("2026-03-02", "2026-03-02", R"(,"shop":1)")), Shared::all);
    EXPECT_EQ(windows.shared("orders", days("2026-03-02", "2026-03-02", R"(,"shop":2)")), Shared::nothing);
    EXPECT_EQ(windows.shared("orders", days("2026-03-02", "2026-03-02")), Shared::nothing);
    EXPECT_EQ(windows.shared("items", days("2026-03-02", "2026-03-02", R"(,"shop":1)")), Shared::nothing);
}

TEST(SliceWindows, OfTimesAreByTheirInstants) {
    SliceWindows windows;
    windows.add("", times("2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"));
    EXPECT_EQ(windows.shared("", times("2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00")),
              Shared::all);
    EXPECT_EQ(windows.shared("", times("2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00")),
              Shared::nothing);
    EXPECT_EQ(windows.shared("", times("2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00")),
              Shared::a_part);
}

TEST(SliceWindows, OfTwoDimensionsMeetInBoth) {
    const auto two = [](const std::string& d, const std::string& e) {
        return R"({"d":")" + d + R"(","d_end":")" + d + R"(","e":"2026-01-01","e_end":")" + e + "\"}";
    };
    SliceWindows windows;
    windows.add("", two("2026-03-01", "2026-01-07"));
    EXPECT_EQ(windows.shared("", two("2026-03-01", "2026-01-02")), Shared::all);
    EXPECT_EQ(windows.shared("", two("2026-03-01", "2026-01-09")), Shared::a_part);
    EXPECT_EQ(windows.shared("", two("2026-03-02", "2026-01-02")), Shared::nothing);
}

TEST(SliceWindows, WithoutWindowsNothingIsShared) {
    SliceWindows windows;
    for (const char* params :
         {"{}", "no json", R"({"d":"2026-03-01"})", R"({"d":"x","d_end":"y"})", R"({"d":1,"d_end":2})"}) {
        windows.add("", params);
        EXPECT_EQ(windows.shared("", params), Shared::nothing) << params;
    }
}

}  // namespace
}  // namespace pagehaul::ledger
