#include "source/linking.h"

#include <gtest/gtest.h>

#include <string>

#include "http/url.h"
#include "source/link_header.h"

namespace pagehaul::source {
namespace {

using Type = record::Scalar::Type;

std::string told(Type type, const std::string& text = "") {
    const auto token = token_of({.type = type, .text = text});
    return !token ? "no token" : token->value_or("end");
}

TEST(Token, MissingNullFalseAndEmptyAreTheEnd) {
    EXPECT_EQ(told(Type::missing), "end");
    EXPECT_EQ(told(Type::null), "end");
    EXPECT_EQ(told(Type::boolean, "false"), "end");
    EXPECT_EQ(told(Type::string), "end");
}

TEST(Token, KeepsItsType) {
    EXPECT_EQ(told(Type::string, "a\"b"), R"("a\"b")");
    EXPECT_EQ(told(Type::number, "12"), "12");
    EXPECT_EQ(token_value(R"("a\"b")").text, "a\"b");
    EXPECT_FALSE(token_value("\"12\"").is_number);
    EXPECT_TRUE(token_value("12").is_number);
}

TEST(Token, IsNoContainerAndNotTrue) {
    EXPECT_EQ(told(Type::container), "no token");
    EXPECT_EQ(told(Type::boolean, "true"), "no token");
}

TEST(WithoutToken, LeavesOutTheMembersAndElementsThatWouldHoldIt) {
    EXPECT_EQ(without_token(R"({"a":1.50,"after":"{{ page.token }}","b":["x{{page.token}}",{"c":"\"{{"}]})"),
              R"({"a":1.50,"b":[{"c":"\"{{"}]})");
    EXPECT_EQ(without_token(R"({"page":{"cursor":"{{ page.token }}","size":2}})"), R"({"page":{"size":2}})");
    EXPECT_EQ(without_token("[]"), "[]");
}

std::string linked(const std::string& link) {
    const auto target = http::linked_target(*http::parse_url("https://api.test/v2"), "/v2/rows?page=1", link);
    return target ? *target : "refused: " + target.error().message;
}

TEST(Link, IsAnAbsoluteUrlOrRelative) {
    EXPECT_EQ(linked("https://api.test/v2/rows?c=2#top"), "/v2/rows?c=2");
    EXPECT_EQ(linked("https://API.test:443/x"), "/x");
    EXPECT_EQ(linked("/v2/rows?c=2"), "/v2/rows?c=2");
    EXPECT_EQ(linked("?c=2"), "/v2/rows?c=2");
    EXPECT_EQ(linked("rows?c=2"), "/v2/rows?c=2");
    EXPECT_EQ(linked("//api.test/x?y"), "/x?y");
}

TEST(Link, OfAnotherOriginIsRefused) {
    for (const char* other :
         {"https://evil.test/rows", "http://api.test/rows", "https://api.test:8443/rows", "//evil.test/rows",
          "https://api.test@evil.test/", "javascript:alert(1)", "/a/../b", "/a b", "/a\r\nHost: x"})
        EXPECT_TRUE(linked(other).starts_with("refused: ")) << other << " " << linked(other);
}

TEST(Link, KeepsNoCredential) {
    config::Source source;
    source.base_url = "https://api.test";
    source.auth = config::AuthQuery{.name = "api_key", .value = {.value = "s3cret", .source = ""}};
    EXPECT_EQ(link_token(source, "/rows", "\"/rows?api_key=s3cret&c=2\"").value(), "\"/rows?c=2\"");
    EXPECT_EQ(link_token(source, "/rows", "\"/rows?c=2&api_key=s3cret\"").value(), "\"/rows?c=2\"");
    config::OAuth2 granted;
    granted.send.query = "access_token";
    source.auth = granted;
    EXPECT_EQ(link_token(source, "/rows", "\"/rows?access_token=s3cret&c=2\"").value(), "\"/rows?c=2\"");
}

TEST(Link, IsKeptWithoutWhatRequestsAreSignedBy) {
    config::Source source;
    source.base_url = "https://api.test";
    source.auth = config::AuthQuery{"key", {"s3cret", ""}};
    source.signing = config::SigningSteps{
        {config::TimestampStep{}, config::SendStep{.query = "at"}, config::SendStep{.query = "the sign"}}};
    EXPECT_EQ(link_token(source, "/rows", "\"/rows?at=1&page=2&the%20sign=ab&key=s3cret\"").value(),
              "\"/rows?page=2\"");
}

TEST(LinkHeader, TellsTheTargetOfNext) {
    EXPECT_EQ(next_of_link_header(R"(<https://a/?p=1>; rel="prev", <https://a/?p=3>; rel="next")"),
              "https://a/?p=3");
    EXPECT_EQ(next_of_link_header("</x?a=1,2>;rel=next"), "/x?a=1,2");
    EXPECT_EQ(next_of_link_header(R"(<a>; title="x, rel=next"; rel=last, <b>; rel="first NEXT")"), "b");
    EXPECT_EQ(next_of_link_header(R"(<a>; rel=prev; rel=next)"), std::nullopt) << "the first one counts";
    EXPECT_EQ(next_of_link_header(""), std::nullopt);
    EXPECT_EQ(next_of_link_header("<a"), std::nullopt);
    EXPECT_EQ(next_of_link_header("<a>; rel"), std::nullopt);
    EXPECT_EQ(next_of_link_header("<a>; rel=\"next"), "a");
}

}  // namespace
}  // namespace pagehaul::source
