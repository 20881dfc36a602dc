#include "telemetry/otlp_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace pagehaul::telemetry {
namespace {

using nlohmann::json;

TraceResource resource() {
    return {.trace = {.high = 0x0af7651916cd43dd, .low = 0x8448eb211c80319c},
            .attributes = {{"service.name", "pagehaul"}},
            .version = "1.2.3",
            .mono = MonoTime{std::chrono::hours(10)},
            .wall = WallTime{std::chrono::seconds(1'790'000'000)},
            .redact = {}};
}

Span span() {
    return {.name = "fetch",
            .kind = SpanKind::client,
            .id = 0xb7ad6b7169203331,
            .parent = 0x1,
            .start = MonoTime{std::chrono::hours(10) + std::chrono::milliseconds(1)},
            .end = MonoTime{std::chrono::hours(10) + std::chrono::milliseconds(3)}};
}

json encoded(const Span& one, const TraceResource& from = resource()) {
    return json::parse(export_request(from, {&one, 1})).at("resourceSpans").at(0);
}
json only_span(const Span& one, const TraceResource& from = resource()) {
    return encoded(one, from).at("scopeSpans").at(0).at("spans").at(0);
}
std::string text_of(const std::string& value) {
    Span one = span();
    one.attributes.emplace_back("text", value);
    return only_span(one).at("attributes").at(0).at("value").at("stringValue");
}

TEST(OtlpJson, IdsAreHexTimesAreStringsEnumsAreNumbers) {
    EXPECT_EQ(only_span(span()), json::parse(R"({
        "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "parentSpanId": "0000000000000001",
        "name": "fetch", "kind": 3,
        "startTimeUnixNano": "1790000000001000000", "endTimeUnixNano": "1790000000003000000", "attributes": []})"));
}

TEST(OtlpJson, ARootHasNoParent) {
    Span root = span();
    root.parent = 0;
    EXPECT_FALSE(only_span(root).contains("parentSpanId"));
}

TEST(OtlpJson, SaysWhoSendsIt) {
    const json all = encoded(span());
    EXPECT_EQ(all.at("resource").at("attributes"),
              json::parse(R"([{"key": "service.name", "value": {"stringValue": "pagehaul"}}])"));
    EXPECT_EQ(all.at("scopeSpans").at(0).at("scope"),
              json::parse(R"({"name": "pagehaul", "version": "1.2.3"})"));
}

TEST(OtlpJson, AttributesKeepTheirTypesAndWholeNumbersAreStrings) {
    Span one = span();
    one.attributes = {{"flag", true},
                      {"number", std::int64_t{9'007'199'254'740'993}},
                      {"literal", "a"},
                      {"text", std::string("b")}};
    EXPECT_EQ(only_span(one).at("attributes"), json::parse(R"([
        {"key": "flag", "value": {"boolValue": true}}, {"key": "number", "value": {"intValue": "9007199254740993"}},
        {"key": "literal", "value": {"stringValue": "a"}}, {"key": "text", "value": {"stringValue": "b"}}])"));
}

TEST(OtlpJson, EventsLinksAndAnErrorAreThereWhereTheSpanHasThem) {
    Span one = span();
    one.events.push_back({.name = "retry", .at = one.end, .attributes = {{"n", 1}}});
    one.links = {0x2, 0x3};
    one.failed = true;
    one.message = "it broke";
    const json shown = only_span(one);
    EXPECT_EQ(shown.at("events"), json::parse(R"([{"timeUnixNano": "1790000000003000000", "name": "retry",
        "attributes": [{"key": "n", "value": {"intValue": "1"}}]}])"));
    EXPECT_EQ(shown.at("links").at(1), json::parse(R"({"traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "0000000000000003"})"));
    EXPECT_EQ(shown.at("status"), json::parse(R"({"code": 2, "message": "it broke"})"));
    for (const char* member : {"events", "links", "status"})
        EXPECT_FALSE(only_span(span()).contains(member)) << member;
}

TEST(OtlpJson, EveryTextIsWrittenAsItIs) {
    for (const std::string text : {"plain", "a \"quoted\" \\ one", "new\nline \x01", "日报 ￥"})
        EXPECT_EQ(text_of(text), text);
    EXPECT_EQ(text_of("no utf-8: \xff!"), "no utf-8: \xEF\xBF\xBD!");
}

TEST(OtlpJson, ALongTextIsCutBetweenCharacters) {
    EXPECT_EQ(text_of(std::string(512, 'x')), std::string(512, 'x'));
    EXPECT_EQ(text_of(std::string(513, 'x')), std::string(512, 'x') + "…");
    EXPECT_EQ(text_of(std::string(511, 'x') + "日报"), std::string(511, 'x') + "…");
}

TEST(OtlpJson, WhatTheOutsideSaidIsRedactedBeforeItIsCut) {
    TraceResource redacting = resource();
    redacting.redact = [](std::string_view text, std::size_t) {
        return std::string(text == "hunter2" ? "***" : text);
    };
    Span one = span();
    one.attributes = {{"text", std::string("hunter2")}, {"literal", "hunter2"}};
    one.failed = true;
    one.message = "hunter2";
    const json shown = only_span(one, redacting);
    EXPECT_EQ(shown.at("attributes").at(0).at("value").at("stringValue"), "***");
    EXPECT_EQ(shown.at("attributes").at(1).at("value").at("stringValue"), "hunter2") << "our own word";
    EXPECT_EQ(shown.at("status").at("message"), "***");
}

TEST(PartialSuccess, IsReadWhicheverWayItsNumberIsWritten) {
    const auto rejected = [](const char* body) { return partial_success(body, "rejectedSpans").rejected; };
    EXPECT_EQ(rejected(R"({"partialSuccess": {"rejectedSpans": "7", "errorMessage": "late"}})"), 7);
    EXPECT_EQ(partial_success(R"({"partialSuccess": {"rejectedSpans": "7", "errorMessage": "late"}})",
                              "rejectedSpans")
                  .message,
              "late");
    EXPECT_EQ(rejected(R"({"partialSuccess": {"rejectedSpans": 7}})"), 7);
    for (const char* whole :
         {"", "{}", "not json", "[]", R"({"partialSuccess": null})", R"({"partialSuccess": {}})"})
        EXPECT_EQ(rejected(whole), 0) << whole;
}

}  // namespace
}  // namespace pagehaul::telemetry
