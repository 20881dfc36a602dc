#include "log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace pagehaul::log {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const auto kTime = std::chrono::system_clock::time_point(milliseconds(1'790'000'000'007));

std::string json(std::string_view message, const std::vector<Field>& fields = {},
                 const std::vector<Field>& context = {}) {
    return format_line(Format::json, kTime, Level::warn, message, context, fields);
}

/// The line behind the time stamp, which is a moment of the test.
std::string after_time(const std::string& line) {
    return line.substr(line.find("\"level\""));
}

TEST(JsonLine, HasTimeLevelMessageContextAndTypedFields) {
    EXPECT_EQ(json("page failed",
                   {{"slice", "d=1"},
                    {"page", 3},
                    {"share", 0.5},
                    {"last", true},
                    {"delay_ms", std::chrono::seconds(2)}},
                   {{"pipeline", "p"}}),
              R"({"ts":"2026-09-21T14:13:20.007Z","level":"warn","msg":"page failed","pipeline":"p",)"
              R"("slice":"d=1","page":3,"share":0.5,"last":true,"delay_ms":2000})");
}

TEST(JsonLine, EscapesQuotesBackslashesAndControlCharacters) {
    EXPECT_THAT(json("a\"b\\c\nd\re\tf\x01g\x7f"), HasSubstr(R"("msg":"a\"b\\c\nd\re\tf\u0001g\u007f")"));
    EXPECT_THAT(json("x", {{"na\"me", 1}}), HasSubstr(R"("na\"me":1)"));
    EXPECT_THAT(json(std::string_view("nul\0!", 5)), HasSubstr(R"(nul\u0000!)"));
}

TEST(JsonLine, GoodUtf8StaysAndBadBytesAreReplaced) {
    const std::string bad = "\xEF\xBF\xBD";
    EXPECT_THAT(json("￥ ünï 𝄞"), HasSubstr("￥ ünï 𝄞"));
    EXPECT_THAT(json("a\xFFz"), HasSubstr("a" + bad + "z"));
    EXPECT_THAT(json("cut \xE2\x82"), HasSubstr("cut " + bad + bad + "\""));
    EXPECT_THAT(json("overlong \xC0\xAF"), HasSubstr("overlong " + bad + bad + "\""));
    EXPECT_THAT(json("surrogate \xED\xA0\x80"), HasSubstr("surrogate " + bad + bad + bad + "\""));
    EXPECT_THAT(json("beyond \xF4\x90\x80\x80"), HasSubstr("beyond " + bad + bad + bad + bad + "\""));
}

TEST(JsonLine, NumbersThatJsonCannotHoldAreNull) {
    EXPECT_THAT(json("x", {{"share", std::numeric_limits<double>::infinity()}}),
                HasSubstr(R"("share":null)"));
    EXPECT_THAT(json("x", {{"n", std::numeric_limits<std::int64_t>::min()}}),
                HasSubstr("-9223372036854775808"));
}

TEST(TextLine, IsForPeople) {
    const std::vector<Field> fields = {
        {"slice", "d=1"}, {"page", 3}, {"cause", "timed out"}, {"kind", "transient"}};
    EXPECT_EQ(format_line(Format::text, kTime, Level::info, "page failed", {}, fields),
              R"(14:13:20.007 info  page failed slice="d=1" page=3 cause="timed out" kind=transient)");
}

TEST(TextLine, CannotBeBrokenByATerminalEscape) {
    EXPECT_THAT(format_line(Format::text, kTime, Level::info, "a\x1b[2Jb\nc", {}, {}),
                Not(HasSubstr("\x1b")));
}

TEST(Log, WritesALineAnEvent) {
    const Capture capture;
    info("run started", {{"rows", 5}});
    warn("page failed");
    ASSERT_EQ(capture.lines().size(), 2U);
    EXPECT_EQ(after_time(capture.lines()[0]), R"("level":"info","msg":"run started","rows":5})");
    EXPECT_EQ(after_time(capture.lines()[1]), R"("level":"warn","msg":"page failed"})");
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
    const Capture capture;
    configure(Level::warn, Format::json);
    EXPECT_FALSE(enabled(Level::info));
    debug("no");
    info("no");
    error("yes");
    ASSERT_EQ(capture.lines().size(), 1U);
    EXPECT_THAT(capture.lines()[0], HasSubstr("yes"));
}

TEST(Log, ContextIsInEveryLineAndCanBeReplaced) {
    const Capture capture;
    set_context("pipeline", "p");
    set_context("run", 7);
    info("a");
    set_context("run", 8);
    info("b", {{"page", 1}});
    EXPECT_EQ(after_time(capture.lines()[0]), R"("level":"info","msg":"a","pipeline":"p","run":7})");
    EXPECT_EQ(after_time(capture.lines()[1]), R"("level":"info","msg":"b","pipeline":"p","run":8,"page":1})");
}

TEST(Log, TheRedactorSeesMessagesAndStringFields) {
    const Capture capture;
    set_redactor([](std::string_view given, std::size_t) {
        std::string text(given);
        for (auto at = text.find("s3cret"); at != std::string::npos; at = text.find("s3cret"))
            text.replace(at, 6, "***");
        return text;
    });
    info("token s3cret", {{"cause", "bad s3cret"}, {"page", 1}});
    set_redactor({});
    EXPECT_EQ(after_time(capture.lines()[0]),
              R"("level":"info","msg":"token ***","cause":"bad ***","page":1})");
}

TEST(Log, SpellsOutWhatSteersATerminalInBothFormats) {
    const std::string text = "\u0085\u202Ea";
    for (const Format format : {Format::text, Format::json}) {
        const Capture capture(format);
        info(text, {{"cause", text}});
        EXPECT_EQ(capture.lines()[0].find(text), std::string::npos);
        EXPECT_NE(capture.lines()[0].find("\\u0085\\u202ea"), std::string::npos) << capture.lines()[0];
    }
}

TEST(Log, AnExcerptIsCutByTheRedactor) {
    EXPECT_EQ(excerpt("a\u00E9z", 2), "a");
    set_redactor(
        [](std::string_view text, std::size_t bytes) { return std::string(text) + std::to_string(bytes); });
    EXPECT_EQ(excerpt("canary", 2), "canary2");
    set_redactor({});
}

TEST(Log, CapturesNestNothingAndRestore) {
    {
        const Capture first;
        set_context("pipeline", "of the first");
    }
    const Capture second;
    info("a");
    EXPECT_EQ(after_time(second.lines()[0]), R"("level":"info","msg":"a"})");
}

TEST(Log, ManyThreadsWriteWholeLines) {
    const Capture capture;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([t] {
                for (int i = 0; i < 100; ++i) {
                    info("line", {{"page", i}});
                    if (i % 10 == 0) set_context("worker", t);
                }
            });
        }
    }
    EXPECT_EQ(capture.lines().size(), 400U);
    for (const std::string& line : capture.lines()) {
        EXPECT_TRUE(line.starts_with("{\"ts\":\"") && line.ends_with("}")) << line;
    }
}

TEST(Log, AStatusLineIsDrawnBelowTheLog) {
    ::testing::internal::CaptureStderr();
    configure(Level::info, Format::text);
    set_status_line("50 %");
    info("event");
    set_status_line("");
    info("after");
    const std::string out = ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(
        out.starts_with("\r\x1b[K"
                        "50 %\r\x1b[K"))
        << out;
    EXPECT_THAT(out, HasSubstr("event\n50 %\r\x1b[K"));
    EXPECT_TRUE(out.ends_with("info  after\n")) << out;
}

}  // namespace
}  // namespace pagehaul::log
