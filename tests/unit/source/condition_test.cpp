#include "source/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using record::Scalar;
using Type = Scalar::Type;

/// Whether a condition holds of an answer whose body is this text, and has this scalar at the pointer, if
/// any.
bool holds(const config::Condition& written, const Scalar& scalar = {}, http::Headers headers = {},
           int status = 200, std::string_view body = "") {
    Pointers pointers;
    const Condition condition(written, pointers);
    http::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.body = http::Body::of(body);
    record::DecodedPage page;
    page.envelope.assign(pointers.all().size(), scalar);
    return condition.holds({.response = response, .page = &page});
}

TEST(Condition, KnowsStatusesOneByOneAndByTheirClass) {
    const config::Condition some{.status = {{429, 429}, {500, 599}}};
    EXPECT_TRUE(holds(some, {}, {}, 429));
    EXPECT_TRUE(holds(some, {}, {}, 503));
    EXPECT_FALSE(holds(some, {}, {}, 428));
}

TEST(Condition, FindsATextAnywhereInTheBody) {
    const config::Condition says{.text = "quota"};
    EXPECT_TRUE(holds(says, {}, {}, 200, "<p>your quota is used up</p>"));
    EXPECT_FALSE(holds(says, {}, {}, 200, "fine"));
}

TEST(Condition, ComparesWhatStandsAtAPointerByItsType) {
    const config::Condition is_5{.pointer = "/code", .equals = config::SliceValue{"5", true}};
    EXPECT_TRUE(holds(is_5, {Type::number, "5.0"}));
    EXPECT_FALSE(holds(is_5, {Type::string, "5"}));
    EXPECT_FALSE(holds(is_5, {}));
    const config::Condition some{.pointer = "/code", .in = {{"a", false}, {"true", false}}};
    EXPECT_TRUE(holds(some, {Type::string, "a"}));
    EXPECT_TRUE(holds(some, {Type::boolean, "true"}));
    EXPECT_FALSE(holds(some, {Type::string, "b"}));
}

TEST(Condition, FindsTextsAndRegularExpressionsInStrings) {
    EXPECT_TRUE(holds({.pointer = "/msg", .contains = "busy"}, {Type::string, "we are busy"}));
    EXPECT_FALSE(holds({.pointer = "/msg", .contains = "1"}, {Type::number, "1"}));
    EXPECT_TRUE(holds({.pointer = "/msg", .matches = "^E[0-9]+"}, {Type::string, "E12: busy"}));
    EXPECT_TRUE(holds({.pointer = "/code", .matches = "^5"}, {Type::number, "512"}));
    EXPECT_FALSE(holds({.pointer = "/msg", .matches = "^E"}, {}));
}

TEST(Condition, TellsAbsentFromNull) {
    const config::Condition absent{.pointer = "/error", .absent = true};
    const config::Condition null{.pointer = "/error", .null = true};
    EXPECT_TRUE(holds(absent, {}));
    EXPECT_FALSE(holds(absent, {Type::null, ""}));
    EXPECT_TRUE(holds(null, {Type::null, ""}));
    EXPECT_FALSE(holds(null, {}));
}

TEST(Condition, ReadsHeadersInAnyCaseAsTextThatANumberMaySpell) {
    const http::Headers headers{{"x-error", "7"}, {"x-empty", ""}};
    EXPECT_TRUE(holds({.header = "X-Error", .equals = config::SliceValue{"7", true}}, {}, headers));
    EXPECT_TRUE(holds({.header = "X-Error", .equals = config::SliceValue{"7", false}}, {}, headers));
    EXPECT_FALSE(holds({.header = "X-Error", .equals = config::SliceValue{"8", true}}, {}, headers));
    EXPECT_FALSE(holds({.header = "X-Empty", .equals = config::SliceValue{"0", true}}, {}, headers));
    EXPECT_TRUE(holds({.header = "X-Other", .absent = true}, {}, headers));
    EXPECT_FALSE(holds({.header = "X-Empty", .absent = true}, {}, headers));
}

TEST(Condition, HoldsWhereEverythingInItDoes) {
    const config::Condition both{.status = {{400, 400}}, .text = "soon", .header = "X-A", .contains = "b"};
    EXPECT_TRUE(holds(both, {}, {{"x-a", "abc"}}, 400, "soon"));
    EXPECT_FALSE(holds(both, {}, {{"x-a", "abc"}}, 400, "never"));
    EXPECT_FALSE(holds(both, {}, {{"x-a", "a"}}, 400, "soon"));
    EXPECT_FALSE(holds(both, {}, {{"x-a", "abc"}}, 401, "soon"));
}

TEST(Condition, OfAPointerNeverHoldsOfABodyThatIsNoJson) {
    Pointers pointers;
    const Condition absent({.pointer = "/error", .absent = true}, pointers);
    const http::Response response;
    EXPECT_FALSE(absent.holds({.response = response, .page = nullptr}));
}

}  // namespace
}  // namespace pagehaul::source
