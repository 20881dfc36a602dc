#include "source/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::source {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

const Slice kSlice{.key = "advertiser_id=1001,date=2026-11-22",
                   .params = {{"date", {"2026-11-22", false}},
                              {"date_end", {"2026-11-22", false}},
                              {"advertiser_id", {"1001", true}},
                              {"name", {"a/b \"ü\"", false}}}};

config::Source source() {
    config::Source out;
    out.base_url = "https://api.example.com/api/open/";
    out.request.path = "/data";
    return out;
}

http::Request built(const config::Source& config, std::int64_t no = 1) {
    const auto auth = std::visit(
        [](const auto& it) -> config::Auth {
            if constexpr (std::is_constructible_v<config::Auth, decltype(it)>) return it;
            return config::AuthNone{};
        },
        config.auth);
    const auto request = Requests(config).build(kSlice, no, {.version = 0, .auth = auth});
    EXPECT_TRUE(request) << request.error().text();
    return request.value_or(http::Request{});
}

TEST(Requests, FillsTheBodyAndKeepsTheTypeOfAWholeValue) {
    config::Source config = source();
    config.request.method = "POST";
    config.request.body = config::Json{
        R"({"id":"{{ slice.advertiser_id }}","from":"{{ slice.date }}","page_num":"{{page.number}}",)"
        R"("size":"{{ page.size }}","label":"p{{ page.number }} of {{ slice.name }}","fixed":1.50,"n":[null,"\"x"]})"};
    const http::Request request = built(config, 7);
    EXPECT_EQ(request.body, R"({"id":1001,"from":"2026-11-22","page_num":7,"size":100,)"
                            R"("label":"p7 of a/b \"ü\"","fixed":1.50,"n":[null,"\"x"]})");
    EXPECT_EQ(request.content_type, "application/json");
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/open/data");
}

TEST(Requests, LeavesMemberNamesAlone) {
    config::Source config = source();
    config.request.body = config::Json{R"({"{{ page.number }}":"{{ page.number }}"})"};
    EXPECT_EQ(built(config).body, R"({"{{ page.number }}":1})");
}

TEST(Requests, EncodesPathAndQuery) {
    config::Source config = source();
    config.request.path = "/of {{ slice.name }}/x";
    config.request.query = {{"start date", config::Parameter{.texts = {"{{ slice.date }}"}}},
                            {"f", config::Parameter{.texts = {"a&b={{ slice.name }}"}}}};
    EXPECT_EQ(built(config).target,
              "/api/open/of%20a%2Fb%20%22%C3%BC%22/x?start%20date=2026-11-22&f=a%26b%3Da%2Fb%20%22%C3%BC%22");
}

TEST(Requests, AppendsToAQueryThatThePathHasAlready) {
    config::Source config = source();
    config.request.path = "/x?fixed=1";
    config.request.query = {{"page", config::Parameter{.texts = {"{{ page.number }}"}}}};
    EXPECT_EQ(built(config).target, "/api/open/x?fixed=1&page=1");
}

TEST(Requests, CountsFromTheApisFirstPage) {
    config::Source config = source();
    config.pagination.first = 0;
    config.request.query = {{"page", config::Parameter{.texts = {"{{ page.number }}"}}}};
    EXPECT_EQ(built(config, 1).target, "/api/open/data?page=0");
    EXPECT_EQ(built(config, 12).target, "/api/open/data?page=11");
}

TEST(Requests, RepeatsAParameterThatIsAList) {
    config::Source config = source();
    config.request.query = {{"id", config::Parameter{.texts = {"{{ slice.advertiser_id }}", "a b"}}}};
    EXPECT_EQ(built(config).target, "/api/open/data?id=1001&id=a%20b");
}

TEST(Requests, SendsAMappingInAQueryAsJson) {
    config::Source config = source();
    config.request.query = {
        {"filter",
         config::Parameter{.json = config::Json{R"({"page":"{{ page.number }}","of":"{{ slice.name }}"})"}}}};
    EXPECT_EQ(built(config, 3).target,
              "/api/open/data?filter=%7B%22page%22%3A3%2C%22of%22%3A%22a%2Fb%20%5C%22%C3%BC%5C%22%22%7D");
}

TEST(Requests, SendsAFormAsABodyOfParameters) {
    config::Source config = source();
    config.request.method = "POST";
    config.request.form = {{"page", config::Parameter{.texts = {"{{ page.number }}"}}},
                           {"q", config::Parameter{.texts = {"a&b", "c"}}}};
    const http::Request request = built(config, 2);
    EXPECT_EQ(request.body, "page=2&q=a%26b&q=c");
    EXPECT_EQ(request.content_type, "application/x-www-form-urlencoded");
}

TEST(Requests, AskForWhatIsBehindSoManyRows) {
    config::Source config = source();
    config.pagination = {.type = config::PaginationType::offset, .first = 1, .size = 50};
    config.request.query = {{"offset", config::Parameter{.texts = {"{{ page.offset }}"}}}};
    EXPECT_EQ(built(config, 2).target, "/api/open/data?offset=51");
    const auto request = Requests(config).build(kSlice, 2, {}, {.behind = 73});
    ASSERT_TRUE(request);
    EXPECT_EQ(request->target, "/api/open/data?offset=74");
}

TEST(Requests, CountsOffsetsInRows) {
    config::Source config = source();
    config.pagination.type = config::PaginationType::offset;
    config.pagination.size = 50;
    config.request.query = {{"offset", config::Parameter{.texts = {"{{ page.offset }}"}}},
                            {"limit", config::Parameter{.texts = {"{{ page.size }}"}}}};
    EXPECT_EQ(built(config, 3).target, "/api/open/data?offset=100&limit=50");
}

TEST(Requests, AuthenticatesInEachWay) {
    config::Source config = source();
    config.auth = config::AuthHeader{"Access-Token", {"t0k", ""}};
    EXPECT_THAT(built(config).headers, Contains(Pair("Access-Token", "t0k")));
    config.auth = config::AuthBearer{{"t0k", ""}};
    EXPECT_THAT(built(config).headers, Contains(Pair("Authorization", "Bearer t0k")));
    // RFC 7617, 2.
    config.auth = config::AuthBasic{{"Aladdin", ""}, {"open sesame", ""}};
    EXPECT_THAT(built(config).headers, Contains(Pair("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")));
    config.auth = config::AuthQuery{"key", {"a&b", ""}};
    EXPECT_EQ(built(config).target, "/api/open/data?key=a%26b");
    config.request.query = {{"p", config::Parameter{.texts = {"1"}}}};
    EXPECT_EQ(built(config).target, "/api/open/data?p=1&key=a%26b");
    config.auth = config::AuthNone{};
    EXPECT_EQ(built(config).headers.size(), 2U);
}

TEST(Requests, SaysWhoAsksAndForWhatUnlessTold) {
    config::Source config = source();
    EXPECT_THAT(built(config).headers, Contains(Pair("Accept", "application/json")));
    EXPECT_THAT(built(config).headers, Contains(Pair("User-Agent", HasSubstr("pagehaul/"))));
    config.request.headers = {{"accept", {"text/json", ""}}, {"user-agent", {"me", ""}}};
    const auto headers = built(config).headers;
    EXPECT_EQ(headers.size(), 2U);
    EXPECT_THAT(headers, Contains(Pair("accept", "text/json")));
}

TEST(Requests, LetsTheConfigSetTheContentTypeOnce) {
    config::Source config = source();
    config.request.body = config::Json{"{}"};
    config.request.headers = {{"Content-type", {"application/vnd.x+json", ""}}};
    const http::Request request = built(config);
    EXPECT_EQ(request.content_type, "application/vnd.x+json");
    EXPECT_EQ(request.headers.size(), 2U);
}

TEST(Requests, RefusesALineBreakInAnExpandedHeader) {
    config::Source config = source();
    config.request.headers = {{"X-Name", {"{{ slice.evil }}", ""}}};
    const Slice evil{.key = "e", .params = {{"evil", {"a\r\nX-Admin: 1", false}}}};
    const auto request = Requests(config).build(evil, 1, {});
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().kind, ErrorKind::config);
    EXPECT_EQ(request.error().origin, "source.request.headers.X-Name");
}

TEST(Requests, RefusesALineBreakInACredentialWithoutShowingIt) {
    const auto request =
        Requests(source()).build(kSlice, 1, {.version = 0, .auth = config::AuthBearer{{"hunter2\n", ""}}});
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().origin, "source.auth");
    EXPECT_EQ(request.error().text().find("hunter2"), std::string::npos);
}

TEST(Requests, NamesAPlaceholderThatIsNone) {
    config::Source config = source();
    config.request.query = {{"p", config::Parameter{.texts = {"{{ page.nmber }}"}}}};
    try {
        Requests requests(config);
        FAIL() << "no failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().origin, "source.request.query.p");
    }
}

TEST(Requests, NamesAParameterThatTheSliceLacks) {
    config::Source config = source();
    config.request.query = {{"p", config::Parameter{.texts = {"{{ slice.region }}"}}}};
    const auto request = Requests(config).build(kSlice, 1, {});
    ASSERT_FALSE(request);
    EXPECT_THAT(request.error().message, HasSubstr("region"));
}

TEST(ColumnValues, AreExpandedForColumnsWithAValueOnly) {
    config::Sink sink;
    sink.columns.resize(2);
    sink.columns[0].name = "advertiser_id";
    sink.columns[0].value = "{{ slice.advertiser_id }}";
    sink.columns[1].name = "fee";
    EXPECT_THAT(Requests(source()).column_values(sink, kSlice, {}),
                ::testing::ElementsAre(std::optional<std::string>("1001"), std::nullopt));
}

}  // namespace
}  // namespace pagehaul::source
