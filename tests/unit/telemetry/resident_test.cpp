#include "telemetry/resident.h"

#include <gtest/gtest.h>

namespace pagehaul::telemetry {
namespace {

TEST(Resident, IsTheSecondNumberOfStatm) {
    EXPECT_EQ(resident_pages("25610 7423 5120 12 0 14530 0"), 7423);
    EXPECT_EQ(resident_pages("25610 7423\n"), 7423);
}

TEST(Resident, WhatIsNoStatmTellsNothing) {
    for (const char* text : {"", "25610", "25610 ", "25610 x", "25610 -3"})
        EXPECT_EQ(resident_pages(text), std::nullopt) << text;
}

TEST(Resident, ThisProcessHasSomeMemory) {
    ASSERT_TRUE(resident_bytes());
    EXPECT_GT(*resident_bytes(), 1 << 20);
}

}  // namespace
}  // namespace pagehaul::telemetry
