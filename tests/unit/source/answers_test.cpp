// Judge: what counts as nothing, what tells how much there is, how long to wait.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/judge.h"

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using record::Scalar;
using ::testing::HasSubstr;
using Type = Scalar::Type;
using Named = std::vector<std::pair<std::string, Scalar>>;

config::Source of_list() {
    config::Source out;
    out.base_url = "https://api.example.com";
    out.records.at = "/list";
    return out;
}

class Answers : public ::testing::Test {
  protected:
    /// Judges a response with these scalars and, without records, what stands instead of them.
    Judgement judged(const Named& scalars = {}, const record::InsteadOfRecords& instead = {},
                     http::Headers headers = {}, int status = 200) const {
        const Judge judge(config);
        record::DecodedPage page;
        page.instead = instead;
        page.has_records = !instead.any();
        for (const std::string& pointer : judge.format().pointers) {
            Scalar found;
            for (const auto& [name, scalar] : scalars)
                if (name == pointer) found = scalar;
            page.envelope.push_back(found);
        }
        http::Response response;
        response.status = status;
        response.headers = std::move(headers);
        return judge.judge(response, page, now);
    }
    template <class T>
    T expect(const Judgement& judgement) const {
        EXPECT_TRUE(std::holds_alternative<T>(judgement)) << "alternative " << judgement.index();
        return std::holds_alternative<T>(judgement) ? std::get<T>(judgement) : T{};
    }

    config::Source config = of_list();
    WallTime now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 30)};
    const record::InsteadOfRecords null{.null = true, .other = {}};
    const record::InsteadOfRecords absent{.absent = true, .other = {}};
    const record::InsteadOfRecords empty_object{.empty_object = true, .other = {}};
};

TEST_F(Answers, NullIsNothingWhereNothingSpeaksAgainstIt) {
    EXPECT_TRUE(expect<Accept>(judged({}, null)).nothing);
    config.pagination.total = config::Total{.rows = config::ResponsePlace{.pointer = "/total"}};
    EXPECT_TRUE(expect<Accept>(judged({{"/total", {Type::number, "0"}}}, null)).nothing);
    EXPECT_THAT(
        expect<Fail>(judged({{"/total", {Type::number, "3"}}}, null)).reason,
        HasSubstr("it is null; if that means that there is nothing, write null into source.records.empty"));
    EXPECT_THAT(expect<Fail>(judged({}, null)).reason, HasSubstr("it is null"));
}

TEST_F(Answers, AbsentAndAnEmptyObjectAreNothingOnlyWhereTheConfigSaysSo) {
    EXPECT_THAT(expect<Fail>(judged({}, absent)).reason, HasSubstr("write absent into source.records.empty"));
    EXPECT_THAT(expect<Fail>(judged({}, empty_object)).reason,
                HasSubstr("write {} into source.records.empty"));
    config.records.empty = {.absent = true, .empty_object = true};
    EXPECT_TRUE(expect<Accept>(judged({}, absent)).nothing);
    EXPECT_TRUE(expect<Accept>(judged({}, empty_object)).nothing);
}

TEST_F(Answers, NothingNeedsNoTotal) {
    config.pagination.total = config::Total{.rows = config::ResponsePlace{.pointer = "/total"}};
    config.records.empty = {.null = true};
    EXPECT_FALSE(expect<Accept>(judged({}, null)).total_rows);
    EXPECT_EQ(expect<Accept>(judged({{"/total", {Type::number, "3"}}}, null)).total_rows, 3)
        << "but one that is told counts";
}

TEST_F(Answers, AnotherShapeIsNeverNothing) {
    config.records.empty = {.null = true, .absent = true, .empty_object = true};
    EXPECT_THAT(expect<Fail>(judged({}, {.other = "an object"})).reason,
                HasSubstr("but an object: source.records.shape may be another"));
}

TEST_F(Answers, ANoContentIsNothingWhereTheConfigSaysSo) {
    const Judge strict(config);
    http::Response response;
    response.status = 204;
    const Result<record::DecodedPage> no_json = fail(ErrorKind::permanent, "", "the body is empty");
    expect<Retry>(strict.judge(response, no_json, now));
    config.records.empty = {.status_204 = true};
    EXPECT_TRUE(expect<Accept>(Judge(config).judge(response, no_json, now)).nothing);
}

TEST_F(Answers, LinesCountOnlyWhereTheirEndIsToldByTheirFraming) {
    config.records = {.at = "", .format = config::RecordFormat::ndjson};
    EXPECT_THAT(expect<Fail>(judged()).reason, HasSubstr("lines may be missing at its end unseen"));
    expect<Accept>(judged({}, {}, {{"content-length", "9"}}));
    expect<Accept>(judged({}, {}, {{"transfer-encoding", "chunked"}}));
}

TEST_F(Answers, ATotalMayStandInAHeader) {
    config.pagination.total = config::Total{.rows = config::ResponsePlace{.header = "X-WP-Total"}};
    EXPECT_EQ(expect<Accept>(judged({}, {}, {{"x-wp-total", "42"}})).total_rows, 42);
    EXPECT_THAT(expect<Fail>(judged()).reason,
                HasSubstr("the header X-WP-Total is missing, expected a whole"));
}

TEST_F(Answers, MoreIsTrueOrFalseHoweverItIsWritten) {
    config.pagination.more = "/more";
    EXPECT_EQ(expect<Accept>(judged({{"/more", {Type::boolean, "true"}}})).more, true);
    EXPECT_EQ(expect<Accept>(judged({{"/more", {Type::number, "0"}}})).more, false);
    EXPECT_EQ(expect<Accept>(judged({{"/more", {Type::string, "false"}}})).more, false);
    EXPECT_THAT(expect<Fail>(judged()).reason, HasSubstr("source.pagination.more: /more is missing"));
}

TEST_F(Answers, AllOfSeveralConditionsMustHoldForSuccess) {
    config.response.success = {
        config::Condition{.pointer = "/ok", .equals = config::SliceValue{"true", false}},
        config::Condition{.pointer = "/error", .null = true}};
    const Scalar yes{Type::boolean, "true"};
    expect<Accept>(judged({{"/ok", yes}, {"/error", {Type::null, ""}}}));
    EXPECT_THAT(expect<Retry>(judged({{"/ok", yes}, {"/error", {Type::string, "E1"}}})).reason,
                HasSubstr(R"(source.response.success: /error is the string "E1", expected null)"));
}

TEST_F(Answers, ARuleOfSeveralConditionsMatchesWhereAllHold) {
    config::Rule rule;
    rule.when = {config::Condition{.status = {{400, 499}}},
                 config::Condition{.header = "X-Why", .contains = "gone"}};
    rule.then = config::RuleAction::skip;
    config.response.rules = {rule};
    EXPECT_THAT(expect<Skip>(judged({}, {}, {{"x-why", "it is gone"}}, 404)).reason,
                HasSubstr(R"(the header X-Why is the string "it is gone" (rule: skip))"));
    expect<Fail>(judged({}, {}, {}, 404));
}

TEST_F(Answers, ThrottlingWaitsForWhatTheRuleSaysThenRetryAfterThenThePause) {
    config::Rule rule;
    rule.when = {config::Condition{.status = {{429, 429}}}};
    rule.then = config::RuleAction::throttle;
    rule.pause = 9s;
    rule.scope = config::ThrottleScope::request;
    config.response.rules = {rule};
    const auto pause = [&](config::WaitUnit unit, const char* told) {
        config.response.rules[0].wait = config::Wait{.header = "X-Reset", .as = unit};
        return expect<Throttle>(judged({}, {}, {{"x-reset", told}, {"retry-after", "4"}}, 429)).pause;
    };
    EXPECT_EQ(pause(config::WaitUnit::seconds, "1.5"), 1500ms);
    EXPECT_EQ(pause(config::WaitUnit::milliseconds, "250"), 250ms);
    EXPECT_EQ(pause(config::WaitUnit::epoch, "1795996890"), 90s) << "of 2026-11-30T00:01:30Z";
    EXPECT_EQ(pause(config::WaitUnit::epoch, "1795996700"), 0s) << "what is over asks for no wait";
    EXPECT_EQ(pause(config::WaitUnit::seconds, "soon"), 4s);
    EXPECT_EQ(expect<Throttle>(judged({}, {}, {}, 429)).pause, 9s);
    EXPECT_EQ(expect<Throttle>(judged({}, {}, {}, 429)).scope, config::ThrottleScope::request);
}

TEST_F(Answers, AWaitMayStandInTheBody) {
    config::Rule rule;
    rule.when = {config::Condition{.pointer = "/code", .equals = config::SliceValue{"17", true}}};
    rule.then = config::RuleAction::throttle;
    rule.wait = config::Wait{.pointer = "/retry_ms", .as = config::WaitUnit::milliseconds};
    config.response.rules = {rule};
    const Named scalars{{"/code", {Type::number, "17"}}, {"/retry_ms", {Type::number, "1200"}}};
    EXPECT_EQ(expect<Throttle>(judged(scalars)).pause, 1200ms);
}

TEST_F(Answers, WhatTellsOfTheNextPageMayStandInThePageOrInAHeader) {
    config.pagination.type = config::PaginationType::cursor;
    config.pagination.token = config::Token{.pointer = "/next"};
    EXPECT_EQ(expect<Accept>(judged({{"/next", {Type::string, "abc"}}})).next, R"("abc")");
    EXPECT_EQ(expect<Accept>(judged({{"/next", {Type::null, ""}}})).next, std::nullopt);
    config.pagination.token = config::Token{.header = "X-Next"};
    EXPECT_EQ(expect<Accept>(judged({}, {}, {{"x-next", "abc"}})).next, R"("abc")");
    EXPECT_EQ(expect<Accept>(judged({})).next, std::nullopt);
}

TEST_F(Answers, AFlagTellsOfTheNextPageWhereThereIsOne) {
    config.pagination.type = config::PaginationType::cursor;
    config.pagination.token = config::Token{.pointer = "/next"};
    config.pagination.more = "/more";
    const auto next = [this](const std::string& more, Type type) {
        return judged(
            {{"/next", {type, type == Type::string ? "abc" : ""}}, {"/more", {Type::boolean, more}}});
    };
    EXPECT_EQ(expect<Accept>(next("true", Type::string)).next, R"("abc")");
    EXPECT_EQ(expect<Accept>(next("false", Type::string)).next, std::nullopt);
    EXPECT_THAT(expect<Fail>(next("true", Type::null)).reason, HasSubstr("a next page is told"));
    EXPECT_THAT(expect<Fail>(judged({{"/next", {Type::string, "abc"}}})).reason,
                HasSubstr("expected true or false"));
}

}  // namespace
}  // namespace pagehaul::source
