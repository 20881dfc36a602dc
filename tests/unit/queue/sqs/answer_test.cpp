#include "queue/sqs/answer.h"

#include <gtest/gtest.h>

namespace pagehaul::queue::sqs {
namespace {

const WallTime kNow = WallTime::clock::from_time_t(1'440'938'160);  // Sun, 30 Aug 2015 12:36:00 GMT

Error refusal(int status, const std::string& body, http::Headers headers = {}) {
    http::Response response;
    response.status = status;
    response.body = http::Body::of(body);
    response.headers = std::move(headers);
    const auto answer = read_answer(response, kNow);
    EXPECT_FALSE(answer.has_value()) << body;
    return answer ? Error{} : answer.error();
}

std::string told(const std::string& type, const std::string& message = "m") {
    return R"({"__type":")" + type + R"(","message":")" + message + R"("})";
}

TEST(SqsAnswer, IsWhatStandsInIt) {
    http::Response response;
    response.status = 200;
    response.body = http::Body::of(R"({"Messages":[]})");
    EXPECT_TRUE(read_answer(response, kNow)->contains("Messages"));
}

TEST(SqsAnswer, ThrottlingAndFaultsOfTheServerPass) {
    EXPECT_EQ(refusal(400, told("com.amazon.coral.availability#ThrottlingException")).kind,
              ErrorKind::transient);
    EXPECT_EQ(refusal(400, told("com.amazonaws.sqs#RequestThrottled")).kind, ErrorKind::transient);
    EXPECT_EQ(refusal(403, told("com.amazonaws.sqs#OverLimit")).kind, ErrorKind::transient);
    EXPECT_EQ(refusal(429, "").kind, ErrorKind::transient);
    EXPECT_EQ(refusal(500, told("InternalFailure")).kind, ErrorKind::transient);
    EXPECT_EQ(refusal(502, "<html>").kind, ErrorKind::transient);
    EXPECT_EQ(refusal(200, R"({"Messages":[)").kind, ErrorKind::transient);
}

TEST(SqsAnswer, AMissingQueueIsTheConfigs) {
    const Error error =
        refusal(400, told("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist."));
    EXPECT_EQ(error.kind, ErrorKind::config);
    EXPECT_EQ(error.text(),
              "queue.url: the server says 400 QueueDoesNotExist, The specified queue does not exist.");
    EXPECT_EQ(refusal(400, told("com.amazonaws.sqs#InvalidAddress")).kind, ErrorKind::config);
}

TEST(SqsAnswer, ARefusalOfOursIsTheCredentials) {
    for (const char* type : {"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException",
                             "MissingAuthenticationTokenException", "InvalidSignatureException"})
        EXPECT_EQ(refusal(400, told(std::string("com.amazon.coral.service#") + type)).kind,
                  ErrorKind::credential);
    EXPECT_EQ(refusal(403, "<html>").kind, ErrorKind::credential);
    EXPECT_EQ(refusal(400, "{}", {{"x-amzn-errortype", "AccessDenied:http://x/"}}).kind,
              ErrorKind::credential);
}

TEST(SqsAnswer, ClocksThatDifferAreNamedWhereTheSignatureIsRefused) {
    const std::string body = told("com.amazon.coral.service#InvalidSignatureException", "Signature expired");
    EXPECT_EQ(
        refusal(403, body, {{"date", "Sun, 30 Aug 2015 12:56:00 GMT"}}).message,
        "the server says 403 InvalidSignatureException, Signature expired; this machine's clock is 1200 s "
        "behind the server's, and a signature holds for a few minutes");
    EXPECT_NE(refusal(403, body, {{"date", "Sun, 30 Aug 2015 12:16:00 GMT"}}).message.find("1200 s before"),
              std::string::npos);
    for (const char* date : {"Sun, 30 Aug 2015 12:37:00 GMT", "yesterday", ""})
        EXPECT_EQ(refusal(403, body, {{"date", date}}).message.find("clock"), std::string::npos) << date;
}

TEST(SqsAnswer, WhatAwsAddsToARefusedSignatureIsNotRepeated) {
    const std::string message =
        refusal(403, told("InvalidSignatureException", R"(No.\n\nThe Canonical String: token)")).message;
    EXPECT_EQ(message, "the server says 403 InvalidSignatureException, No.");
}

TEST(SqsAnswer, AServerOfAnotherKindIsTheConfigs) {
    const Error error = refusal(404, "<html>");
    EXPECT_EQ(error.kind, ErrorKind::config);
    EXPECT_NE(error.message.find("expected a server that speaks SQS's JSON protocol"), std::string::npos);
    EXPECT_EQ(refusal(301, "").kind, ErrorKind::config);
    EXPECT_EQ(refusal(400, "[]").kind, ErrorKind::config);
    EXPECT_EQ(refusal(400, R"({"__type":7})").kind, ErrorKind::config);
}

}  // namespace
}  // namespace pagehaul::queue::sqs
