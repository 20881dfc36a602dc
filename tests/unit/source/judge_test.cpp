#include "source/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;
using record::Scalar;
using ::testing::HasSubstr;
using Type = Scalar::Type;

config::Source judged() {
    config::Source out;
    out.base_url = "https://api.example.com";
    out.records.at = "/data/list";
    out.response.success = {config::Condition{.pointer = "/code", .equals = config::SliceValue{"0", true}}};
    out.pagination.total = config::Total{.rows = config::ResponsePlace{.pointer = "/data/total"}};
    return out;
}

/// A page whose envelope has these scalars, in the order of the judge's own pointers; what is not named is
/// missing.
Result<record::DecodedPage> page(const Judge& judge,
                                 const std::vector<std::pair<std::string, Scalar>>& scalars,
                                 bool has_records = true) {
    record::DecodedPage out;
    out.has_records = has_records;
    for (const std::string& pointer : judge.format().pointers) {
        Scalar found;
        for (const auto& [name, scalar] : scalars) {
            if (name == pointer) found = scalar;
        }
        out.envelope.push_back(found);
    }
    return out;
}

Result<record::DecodedPage> unreadable() {
    return fail(ErrorKind::transient, "", "the document ends early");
}

config::Rule rule(config::Condition when, config::RuleAction then) {
    config::Rule out;
    out.when = {std::move(when)};
    out.then = then;
    return out;
}

http::Response with_status(int status, http::Headers headers = {}) {
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    return response;
}

const std::vector<std::pair<std::string, Scalar>> kGood{{"/code", {Type::number, "0"}},
                                                        {"/data/total", {Type::number, "250"}}};

template <class T>
T expect(const Judgement& judgement) {
    EXPECT_TRUE(std::holds_alternative<T>(judgement)) << "alternative " << judgement.index();
    return std::holds_alternative<T>(judgement) ? std::get<T>(judgement) : T{};
}

TEST(Judge, AcceptsAGoodPageWithItsTotal) {
    const Judge judge(judged());
    EXPECT_EQ(expect<Accept>(judge.judge(with_status(200), page(judge, kGood), {})).total_rows, 250);
}

TEST(Judge, TakesATotalThatIsAStringOfDigits) {
    const Judge judge(judged());
    const auto judged = judge.judge(
        with_status(200),
        page(judge, {{"/code", {Type::number, "0"}}, {"/data/total", {Type::string, "250"}}}), {});
    EXPECT_EQ(expect<Accept>(judged).total_rows, 250);
}

TEST(Judge, TakesATotalThatIsAWholeNumberHoweverItIsWritten) {
    const Judge judge(judged());
    for (const Scalar& total :
         {Scalar{Type::number, "250.0"}, Scalar{Type::string, "250.0"}, Scalar{Type::number, "2.5e2"}}) {
        const auto judged = judge.judge(
            with_status(200), page(judge, {{"/code", {Type::number, "0"}}, {"/data/total", total}}), {});
        EXPECT_EQ(expect<Accept>(judged).total_rows, 250) << total.text;
    }
}

TEST(Judge, FollowsTheDefaultsOfEachStatus) {
    const Judge judge(judged());
    const auto at = [&](int status) { return judge.judge(with_status(status), unreadable(), {}); };
    for (const int status : {408, 425, 500, 502, 503, 504, 599})
        expect<Retry>(at(status));
    for (const int status : {401, 403})
        expect<RefuseCredential>(at(status));
    for (const int status : {301, 302, 304, 307, 400, 404, 405, 410, 422, 101})
        expect<Fail>(at(status));
    expect<Throttle>(at(429));
}

TEST(Judge, HandsOnRetryAfter) {
    const Judge judge(judged());
    const http::Headers wait{{"retry-after", "7"}};
    EXPECT_EQ(expect<Throttle>(judge.judge(with_status(429, wait), unreadable(), {})).pause, 7s);
    EXPECT_EQ(expect<Throttle>(judge.judge(with_status(429), unreadable(), {})).pause, std::nullopt);
    EXPECT_EQ(expect<Retry>(judge.judge(with_status(503, wait), unreadable(), {})).pause, 7s);
}

TEST(Judge, TakesA403ThatTellsWhenToComeBackForAThrottleAndNotForALostCredential) {
    const Judge judge(judged());
    EXPECT_EQ(
        expect<Throttle>(judge.judge(with_status(403, {{"retry-after", "60"}}), unreadable(), {})).pause,
        60s);
    expect<RefuseCredential>(judge.judge(with_status(403, {{"retry-after", "soon"}}), unreadable(), {}));
    expect<RefuseCredential>(judge.judge(with_status(401, {{"retry-after", "60"}}), unreadable(), {}));
}

TEST(Judge, TriesAnUnreadableBodyOfA2xxAgain) {
    const Judge judge(judged());
    EXPECT_THAT(expect<Retry>(judge.judge(with_status(200), unreadable(), {})).reason,
                HasSubstr("ends early"));
}

TEST(Judge, TakesABodyThatNoRestMakesJsonForUnexplained) {
    const Judge judge(judged());
    const Result<record::DecodedPage> none = fail(ErrorKind::permanent, "", "the body is empty");
    const auto empty = expect<Retry>(judge.judge(with_status(204), none, {}));
    EXPECT_TRUE(empty.unexplained);
    EXPECT_EQ(empty.reason, "HTTP status 204, the body is empty");
    EXPECT_EQ(expect<Retry>(judge.judge(with_status(200), none, {})).reason, "the body is empty");
    EXPECT_FALSE(expect<Retry>(judge.judge(with_status(200), unreadable(), {})).unexplained);
    EXPECT_EQ(judge.end_rule(with_status(204), none), "{when: {status: [204]}, then: end}");
    EXPECT_EQ(judge.end_rule(with_status(200), none), "") << "nothing to tell it by";
}

TEST(Judge, FailsAMissingRecordsPointerByName) {
    const Judge judge(judged());
    EXPECT_THAT(expect<Fail>(judge.judge(with_status(200), page(judge, kGood, false), {})).reason,
                HasSubstr("/data/list"));
}

TEST(Judge, FailsAMissingOrSenselessTotalByName) {
    const Judge judge(judged());
    for (const Scalar& total : {Scalar{}, Scalar{Type::null, ""}, Scalar{Type::number, "-1"},
                                Scalar{Type::number, "1.5"}, Scalar{Type::string, "many"}}) {
        const auto judged = judge.judge(
            with_status(200), page(judge, {{"/code", {Type::number, "0"}}, {"/data/total", total}}), {});
        EXPECT_THAT(expect<Fail>(judged).reason, HasSubstr("/data/total"));
    }
}

TEST(Judge, MissesATotalOnALaterPageOnlyWhenItIsToldOnEveryPage) {
    config::Source config = judged();
    const std::vector<std::pair<std::string, Scalar>> without{{"/code", {Type::number, "0"}}};
    const Judge first_only(config);
    EXPECT_EQ(expect<Accept>(first_only.judge(with_status(200), page(first_only, without), {}, 2)).total_rows,
              std::nullopt);
    config.pagination.total->told_on = config::TotalScope::every_page;
    const Judge everywhere(config);
    expect<Fail>(everywhere.judge(with_status(200), page(everywhere, without), {}, 2));
}

TEST(Judge, TriesAnEnvelopeAgainThatFailsSuccessAndSaysWhatCame) {
    const Judge judge(judged());
    const auto code = [&](Scalar scalar) {
        const auto judged =
            expect<Retry>(judge.judge(with_status(200), page(judge, {{"/code", std::move(scalar)}}), {}));
        EXPECT_TRUE(judged.unexplained);
        return judged.reason;
    };
    EXPECT_THAT(code({Type::number, "10002"}), HasSubstr("/code is the number 10002, expected the number 0"));
    EXPECT_THAT(code({Type::string, "0"}), HasSubstr("the string \"0\""));
    EXPECT_THAT(code({}), HasSubstr("missing"));
}

TEST(Judge, FollowsOtherwiseWhereAnEnvelopeFailsSuccessAndNoRuleMatches) {
    config::Source config = judged();
    const auto judgement = [&](std::optional<config::Otherwise> otherwise, const char* code) {
        config.response.otherwise = otherwise;
        const Judge judge(config);
        return judge.judge(with_status(200, {{"retry-after", "7"}}),
                           page(judge, {{"/code", {Type::number, code}}}), {});
    };
    EXPECT_TRUE(expect<Retry>(judgement({}, "1")).unexplained);
    EXPECT_EQ(expect<Retry>(judgement({}, "1")).pause, 7s);
    EXPECT_FALSE(expect<Retry>(judgement(config::Otherwise::retry, "1")).unexplained);
    EXPECT_THAT(expect<Fail>(judgement(config::Otherwise::fail, "1")).reason,
                HasSubstr("/code is the number 1"));
    config.response.rules = {rule({.pointer = "/code", .in = {{"2", true}}}, config::RuleAction::fail)};
    expect<Fail>(judgement(config::Otherwise::retry, "2"));
}

TEST(Judge, NamesTheRuleThatWouldMakeAnAnswerTheEnd) {
    const Judge judge(judged());
    const auto rule_for = [&](int status, Scalar code) {
        return judge.end_rule(with_status(status), page(judge, {{"/code", std::move(code)}}));
    };
    EXPECT_EQ(rule_for(400, {}), "{when: {status: [400]}, then: end}");
    EXPECT_EQ(rule_for(400, {Type::number, "10002"}), "{when: {status: [400]}, then: end}");
    EXPECT_EQ(rule_for(200, {Type::number, "10002"}), "{when: {pointer: /code, in: [10002]}, then: end}");
    EXPECT_EQ(rule_for(200, {Type::string, "no \"more\""}),
              R"({when: {pointer: /code, in: ["no \"more\""]}, then: end})");
    EXPECT_EQ(rule_for(200, {Type::boolean, "false"}), "{when: {pointer: /code, in: [false]}, then: end}");
    EXPECT_EQ(rule_for(200, {}), "") << "no rule matches what is not there";
    EXPECT_EQ(rule_for(200, {Type::number, "0"}), "") << "it would match every page";
    EXPECT_EQ(judge.end_rule(with_status(404), unreadable()), "{when: {status: [404]}, then: end}");
    EXPECT_EQ(judge.end_rule(with_status(200), unreadable()), "");
}

TEST(Judge, ComparesNumbersByValueAndBooleansByName) {
    config::Source config = judged();
    const Judge numbers(config);
    expect<Accept>(numbers.judge(
        with_status(200),
        page(numbers, {{"/code", {Type::number, "0.0"}}, {"/data/total", {Type::number, "1"}}}), {}));
    config.response.success = {
        config::Condition{.pointer = "/success", .equals = config::SliceValue{"true", false}}};
    const Judge booleans(config);
    expect<Accept>(booleans.judge(
        with_status(200),
        page(booleans, {{"/success", {Type::boolean, "true"}}, {"/data/total", {Type::number, "1"}}}), {}));
}

TEST(Judge, LetsTheFirstMatchingRuleDecide) {
    config::Source config = judged();
    using Action = config::RuleAction;
    config.response.rules = {
        rule({.status = {{200, 200}}, .pointer = "/code", .in = {{"10005", true}}}, Action::retry),
        rule({.pointer = "/code", .in = {{"40100", true}, {"10005", true}}}, Action::throttle),
        rule({.pointer = "/code", .in = {{"410019", true}}}, Action::refresh_credential),
        rule({.status = {{404, 404}}}, Action::end),
        rule({.pointer = "/msg", .contains = "请求频繁"}, Action::throttle),
        rule({.status = {{500, 500}}}, Action::fail),
    };
    config.response.rules[1].pause = 300s;
    const Judge judge(config);
    const auto code = [&](const char* number, http::Headers headers = {}) {
        return judge.judge(with_status(200, std::move(headers)),
                           page(judge, {{"/code", {Type::number, number}}}), {});
    };
    EXPECT_THAT(expect<Retry>(code("10005")).reason, HasSubstr("/code is the number 10005"));
    EXPECT_EQ(expect<Throttle>(code("40100")).pause, 300s);
    EXPECT_EQ(expect<Throttle>(code("40100", {{"retry-after", "9"}})).pause, 9s);
    expect<RefuseCredential>(code("410019"));
    expect<End>(judge.judge(with_status(404), unreadable(), {}));
    expect<Fail>(judge.judge(with_status(500), unreadable(), {}));
    expect<Throttle>(
        judge.judge(with_status(200), page(judge, {{"/msg", {Type::string, "请求频繁,稍后重试"}}}), {}));
}

TEST(Judge, DoesNotMatchANumberRuleOnAString) {
    config::Source config = judged();
    config.response.rules = {rule({.pointer = "/code", .in = {{"10005", true}}}, config::RuleAction::retry)};
    const Judge judge(config);
    EXPECT_TRUE(
        expect<Retry>(judge.judge(with_status(200), page(judge, {{"/code", {Type::string, "10005"}}}), {}))
            .unexplained);
}

TEST(Judge, ReadsEachPointerOnce) {
    config::Source config = judged();
    config.response.rules = {rule({.pointer = "/code", .in = {{"1", true}}}, config::RuleAction::retry)};
    const Judge judge(config);
    EXPECT_THAT(judge.format().pointers, ::testing::ElementsAre("/code", "/data/total"));
}

TEST(Judge, SaysWhereARedirectLeadsWithoutItsQuery) {
    const Judge judge(judged());
    const auto reason = [&](const char* location) {
        return expect<Fail>(judge.judge(with_status(302, {{"location", location}}), unreadable(), {})).reason;
    };
    EXPECT_THAT(reason("https://evil.example.org/take?token=s3cret"),
                AllOf(HasSubstr("https://evil.example.org/take"), HasSubstr("another origin"),
                      ::testing::Not(HasSubstr("s3cret"))));
    EXPECT_THAT(reason("https://api.example.com:443/v2"), HasSubstr("the same origin"));
    EXPECT_THAT(reason("/v2/data?x=1"), HasSubstr("/v2/data at the same origin"));
    EXPECT_THAT(reason("//evil.example.org/"), HasSubstr("no http URL"));
}

}  // namespace
}  // namespace pagehaul::source
