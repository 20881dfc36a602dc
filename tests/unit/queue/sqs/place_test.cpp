#include "queue/sqs/place.h"

#include <gtest/gtest.h>

#include <map>

#include "core/error.h"

namespace pagehaul::queue::sqs {
namespace {

Place place(const std::string& url, const std::string& region = "",
            std::map<std::string, std::string> environment = {}) {
    config::Sqs config;
    config.url = url;
    config.region = region;
    return place_of(config, [environment](const std::string& name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    });
}

TEST(SqsPlace, TheRegionStandsInTheHostsOfAws) {
    EXPECT_EQ(place("https://sqs.eu-central-1.amazonaws.com/1/q").region, "eu-central-1");
    EXPECT_EQ(place("https://sqs.cn-north-1.amazonaws.com.cn/1/q").region, "cn-north-1");
    EXPECT_EQ(place("https://sqs-fips.us-east-2.amazonaws.com/1/q").region, "us-east-2");
    EXPECT_EQ(place("https://sqs.us-west-2.api.aws/1/q").region, "us-west-2");
    EXPECT_EQ(place("https://vpce-0a-1b.sqs.eu-west-1.vpce.amazonaws.com/1/q").region, "eu-west-1");
}

TEST(SqsPlace, WhatTheConfigSaysComesFirstThenTheHostThenTheEnvironment) {
    const std::map<std::string, std::string> both{{"AWS_REGION", "a-1"}, {"AWS_DEFAULT_REGION", "b-1"}};
    EXPECT_EQ(place("https://sqs.eu-central-1.amazonaws.com/1/q", "c-1", both).region, "c-1");
    EXPECT_EQ(place("https://sqs.eu-central-1.amazonaws.com/1/q", "", both).region, "eu-central-1");
    EXPECT_EQ(place("https://queue.amazonaws.com/1/q", "", both).region, "a-1");
    EXPECT_EQ(place("https://queue.amazonaws.com/1/q", "", {{"AWS_DEFAULT_REGION", "b-1"}}).region, "b-1");
    EXPECT_EQ(place("http://sqs.internal:9324/1/q", "", both).region, "a-1");
}

TEST(SqsPlace, OnlyAnotherServerHasADefault) {
    EXPECT_EQ(place("http://sqs.internal:9324/1/q").region, "us-east-1");
    try {
        place("https://queue.amazonaws.com/1/q");
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, ErrorKind::config);
        EXPECT_EQ(failure.error().origin, "queue.region");
    }
}

TEST(SqsPlace, TheHostIsNamedAsARequestNamesIt) {
    EXPECT_EQ(place("https://SQS.eu-central-1.amazonaws.com:443/1/q").host, "sqs.eu-central-1.amazonaws.com");
    EXPECT_EQ(place("http://127.0.0.1:9324/1/q").host, "127.0.0.1:9324");
    EXPECT_EQ(place("http://127.0.0.1:9324/1/q").origin, "http://127.0.0.1:9324");
}

}  // namespace
}  // namespace pagehaul::queue::sqs
