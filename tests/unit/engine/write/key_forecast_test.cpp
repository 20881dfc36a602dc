#include "engine/write/key_forecast.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

TEST(KeyForecast, IsHopefulAtFirst) {
    EXPECT_TRUE(KeyForecast().all_new_expected());
}

TEST(KeyForecast, WantsTwiceAsManyNewBatchesAfterEachTryInVain) {
    KeyForecast forecast;
    for (const int wanted : {4, 8, 16}) {
        forecast.tried_in_vain();
        for (int i = 0; i < wanted; ++i) {
            EXPECT_FALSE(forecast.all_new_expected());
            forecast.merged(true);
        }
        EXPECT_TRUE(forecast.all_new_expected());
    }
}

TEST(KeyForecast, StartsOverWhenABatchHadKnownRows) {
    KeyForecast forecast;
    forecast.tried_in_vain();
    for (int i = 0; i < 3; ++i)
        forecast.merged(true);
    forecast.merged(false);
    forecast.merged(true);
    EXPECT_FALSE(forecast.all_new_expected());
}

TEST(KeyForecast, ExpectsKnownRowsUntilABatchHadNone) {
    KeyForecast forecast;
    forecast.tried_in_vain();
    EXPECT_TRUE(forecast.some_known_expected());
    forecast.merged(true);
    EXPECT_FALSE(forecast.some_known_expected());
    forecast.merged(false);
    EXPECT_TRUE(forecast.some_known_expected());
}

}  // namespace
}  // namespace pagehaul::engine
