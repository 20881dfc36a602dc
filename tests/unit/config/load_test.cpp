#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "fixture.h"

namespace pagehaul::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Config loaded(Fixture& fixture, const std::string& yaml) {
    auto config = fixture.load(yaml);
    EXPECT_TRUE(config.has_value()) << to_text(config.error());
    return config ? *config : Config{};
}

TEST(Load, FillsInTheDefaultsOfTheDesign) {
    Fixture fixture;
    const Config config = loaded(fixture, minimal());
    EXPECT_TRUE(std::holds_alternative<AuthNone>(config.source.auth));
    EXPECT_EQ(config.source.request.method, "GET");
    EXPECT_EQ(config.source.pagination.type, PaginationType::page_number);
    EXPECT_FALSE(config.source.pagination.first);
    EXPECT_EQ(config.source.pagination.size, 100);
    EXPECT_FALSE(config.source.pagination.total);
    EXPECT_FALSE(config.source.limits.rate);
    EXPECT_EQ(config.source.limits.burst, 1);
    EXPECT_FALSE(config.source.limits.concurrency);
    EXPECT_EQ(config.source.limits.body_bytes, 16 << 20);
    EXPECT_EQ(config.source.retry.attempts, 8);
    EXPECT_EQ(config.source.retry.base, 500ms);
    EXPECT_EQ(config.source.retry.max, 60s);
    EXPECT_EQ(config.source.timeout.connect, 5s);
    EXPECT_EQ(config.source.timeout.request, 30s);
    EXPECT_EQ(config.source.timeout.job, 2min);
    EXPECT_EQ(config.source.drift.passes, 3);
    EXPECT_EQ(config.sink.schema, "public");
    EXPECT_EQ(config.sink.mode, Mode::upsert);
    EXPECT_EQ(config.sink.undeclared, Undeclared::ignore);
    EXPECT_EQ(config.sink.columns[0].from, "/id");
    EXPECT_EQ(config.run.drain, 20s);
    EXPECT_EQ(config.run.patience, 10min);
    EXPECT_EQ(config.run.heartbeat, 5s);
    EXPECT_EQ(config.run.stale, 30s);
    EXPECT_EQ(config.run.adopt_within, 12h);
    EXPECT_EQ(config.ledger.schema, "pagehaul");
    EXPECT_EQ(config.ledger.keep, std::chrono::days(90));
    EXPECT_TRUE(std::holds_alternative<LedgerQueue>(config.queue));
    EXPECT_FALSE(config.telemetry.pushgateway);
}

TEST(Load, AcceptsEveryShippedExample) {
    const auto folder = std::filesystem::path(PAGEHAUL_SOURCE_DIR) / "deploy/examples";
    int examples = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        ++examples;
        std::ifstream stream(entry.path());
        std::stringstream text;
        text << stream.rdbuf();
        Fixture fixture;
        const std::string example = text.str();
        const std::regex named("\\$\\{(\\w+)\\}");
        for (std::sregex_iterator name(example.begin(), example.end(), named), end; name != end; ++name)
            fixture.environment[(*name)[1]] = "some-secret";
        fixture.environment["DATABASE_URL"] = "postgres://db/app";
        fixture.environment["OCEAN_KEY"] = std::string(43, 'A') + "=";
        fixture.files["/run/secrets/shop_token"] = "token\n";
        fixture.files["/run/secrets/tencent_token"] = "token\n";
        fixture.files["/run/secrets/google_key.pem"] = "-----BEGIN PRIVATE KEY-----\n";
        EXPECT_EQ(fixture.problems(example), "") << entry.path();
    }
    EXPECT_GE(examples, 16);
}

TEST(Load, ReadsSlicesRulesAndColumnsAsWritten) {
    Fixture fixture;
    const Config config = loaded(
        fixture,
        minimal("  slices:\n"
                "    date: {from: -7d, to: 2026-10-01, step: 2d, zone: Asia/Shanghai, ready_at: \"10:15\"}\n"
                "    id: [1001, x, \"007\", 010]\n"
                "  pagination: {total: {rows: /data/total, told_on: every_page, trust: advisory}}\n"
                "  response:\n"
                "    success: {pointer: /code, equals: 0}\n"
                "    rules: [{when: {status: [429], pointer: /code, in: [1, \"1\", true]}, then: throttle, "
                "pause: 2s}]\n"
                "  limits: {rate: 300/m, concurrency: 4}\n",
                "", "run: {quarantine_limit: 0.1%, workers: auto, writers: 2}\n"));
    const auto& date = std::get<DateDimension>(config.source.slices.at(0).values);
    EXPECT_EQ(date.from.relative_days, -7);
    EXPECT_EQ(date.to.day, std::chrono::sys_days(std::chrono::year(2026) / 10 / 1));
    EXPECT_EQ(date.step_days, 2);
    EXPECT_EQ(date.ready_at, 10h + 15min);
    const std::vector<SliceValue> ids{{"1001", true}, {"x", false}, {"007", false}, {"010", false}};
    EXPECT_EQ(std::get<ListDimension>(config.source.slices.at(1).values).values, ids);
    EXPECT_EQ(config.source.pagination.total->rows->pointer, "/data/total");
    EXPECT_EQ(config.source.pagination.total->told_on, TotalScope::every_page);
    EXPECT_EQ(config.source.pagination.total->trust, TotalTrust::advisory);
    EXPECT_EQ(config.source.response.success.at(0).equals, (SliceValue{"0", true}));
    const Rule& rule = config.source.response.rules.at(0);
    const Condition& when = rule.when.at(0);
    EXPECT_EQ(when.status.at(0).least, 429);
    EXPECT_EQ(when.in, (std::vector<SliceValue>{{"1", true}, {"1", false}, {"true", false}}));
    EXPECT_EQ(rule.then, RuleAction::throttle);
    EXPECT_EQ(rule.pause, 2s);
    EXPECT_DOUBLE_EQ(config.source.limits.rate->per_second, 5);
    EXPECT_EQ(config.source.limits.concurrency, 4);
    EXPECT_DOUBLE_EQ(config.run.quarantine_limit.fraction.value(), 0.001);
    EXPECT_EQ(config.run.writers, 2);
}

TEST(Load, KeepsABodyAsItIsWritten) {
    Fixture fixture;
    fixture.environment["N"] = "5";
    const Config config =
        loaded(fixture,
               "pipeline: p\n"
               "source:\n"
               "  base_url: http://api.test\n"
               "  records: \"\"\n"
               "  request:\n"
               "    method: POST\n"
               "    path: /rows\n"
               "    body: {z: 1, a: 1.50, big: 12345678901234567890, zip: 010, yes: yes, t: true,\n"
               "           q: \"1\", none: ~, env: \"${N}\", page: \"{{ page.number }}\", l: [\"a\\\"b\"]}\n"
               "sink: {dsn: postgres://db/app, table: a.b, key: [id], columns: [{name: id, type: text}]}\n");
    EXPECT_EQ(config.source.request.body->text,
              R"({"z":1,"a":1.50,"big":12345678901234567890,"zip":"010","yes":"yes","t":true,)"
              R"("q":"1","none":null,"env":"5","page":"{{ page.number }}","l":["a\"b"]})");
    EXPECT_EQ(config.sink.schema, "a");
    EXPECT_EQ(config.sink.table, "b");
}

TEST(Load, AppliesOverridesOfTheCommandLineAfterThoseOfTheEnvironment) {
    Fixture fixture;
    fixture.environment["PAGEHAUL_SET"] = "source.pagination.size=10\n\nsink.table=x.y\n";
    fixture.set = {"source.pagination.size=20", "sink.columns.0.type=text",
                   "sink.columns.1={name: n, type: text, null_if: [\"-\", a]}", "source.limits.rate=5/s"};
    const Config config = loaded(fixture, minimal());
    EXPECT_EQ(config.source.pagination.size, 20);
    EXPECT_EQ(config.sink.table, "y");
    EXPECT_EQ(config.sink.columns.at(0).type, ColumnType::text);
    EXPECT_EQ(config.sink.columns.at(1).null_if, (std::vector<std::string>{"-", "a"}));
    EXPECT_DOUBLE_EQ(config.source.limits.rate->per_second, 5);
}

TEST(Load, TakesAnOverridesPlainValueToItsLastCharacter) {
    Fixture fixture;
    fixture.set = {"source.request.query.filter=a, b: c # d"};
    const Config config = loaded(fixture, minimal());
    EXPECT_EQ(config.source.request.query.at(1).second.texts, std::vector<std::string>{"a, b: c # d"});
}

TEST(Load, SaysThatAFileIsMissingOrTooLarge) {
    Fixture fixture;
    const auto missing = config::load("none.yaml", fixture.options());
    ASSERT_FALSE(missing);
    EXPECT_EQ(to_text(missing.error()), "none.yaml: cannot be read: no such file");
    const auto large = config::load("/dev/zero", LoadOptions{});
    ASSERT_FALSE(large);
    EXPECT_EQ(to_text(large.error()), "/dev/zero: is larger than 1048576 bytes");
}

TEST(Load, KnowsTheZonesOfTheMachine) {
    EXPECT_TRUE(zone_exists("Asia/Shanghai"));
    EXPECT_FALSE(zone_exists("Mars/Olympus"));
    EXPECT_FALSE(zone_exists("Asia"));
}

TEST(Load, SurvivesEveryPrefixOfAFile) {
    const std::string whole = minimal("  auth: {type: bearer, token: \"${T}\"}\n", "", "run: {drain: 1s}\n");
    for (std::size_t size = 0; size < whole.size() - 1; ++size) {
        Fixture fixture;
        fixture.environment["T"] = "canary-token";
        EXPECT_THAT(fixture.problems(whole.substr(0, size)), testing::Not(HasSubstr("canary")));
    }
}

}  // namespace
}  // namespace pagehaul::config
