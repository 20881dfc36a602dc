#include "http/following.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "manual_clock.h"

namespace pagehaul::http {
namespace {

using ::testing::ElementsAre;

/// Answers with these redirects, one after the other, then with 200.
class Redirecting : public Transport {
  public:
    std::deque<std::pair<int, std::string>> answers;
    std::vector<Request> sent;

    std::vector<MonoTime> deadlines;

    Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token) override {
        sent.push_back(request);
        deadlines.push_back(bounds.deadline.when());
        Response response;
        response.status = 200;
        if (answers.empty()) return response;
        response.status = answers.front().first;
        response.headers = {{"location", answers.front().second}};
        answers.pop_front();
        return response;
    }
};

class FollowedRedirect : public ::testing::Test {
  protected:
    /// The status in the end.
    int after(std::deque<std::pair<int, std::string>> answers, const std::string& method = "GET") {
        auto inner = std::make_unique<Redirecting>();
        inner->answers = std::move(answers);
        Redirecting& seen = *inner;
        const auto following = following_same_origin(std::move(inner), "https://api.test/v1", clock, [this] {
            clock.advance(wait);
            return --turns >= 0;
        });
        const Request request{.method = method, .target = "/v1/a", .headers = {{"X", "1"}}, .body = "b"};
        const auto response = following->send(
            request, {.deadline = Deadline::after(clock.now(), Millis{100}), .reserve = {}}, {});
        sent = seen.sent;
        deadlines = seen.deadlines;
        if (!response) {
            failure = response.error().kind;
            return 0;
        }
        led_to = response->followed_to;
        waited = response->waited;
        return response->status;
    }
    std::vector<std::string> targets() const {
        std::vector<std::string> out;
        for (const Request& request : sent)
            out.push_back(request.method + " " + request.target);
        return out;
    }
    testing::ManualClock clock;
    int turns = 5;
    Nanos wait{0};
    std::vector<Request> sent;
    std::vector<MonoTime> deadlines;
    std::optional<ErrorKind> failure;
    std::string led_to;
    Nanos waited{0};
};

TEST_F(FollowedRedirect, IsFollowedWithHeadersMethodAndBody) {
    EXPECT_EQ(after({{307, "/v2/a?x=1#top"}, {308, "https://api.test:443/v3"}}, "POST"), 200);
    EXPECT_THAT(targets(), ElementsAre("POST /v1/a", "POST /v2/a?x=1", "POST /v3"));
    EXPECT_EQ(sent.back().body, "b");
    EXPECT_EQ(sent.back().headers, sent.front().headers);
}

TEST_F(FollowedRedirect, OfAPostIsFollowedOnlyWhereItKeepsTheMethodOrSaysGet) {
    EXPECT_EQ(after({{302, "/v2"}}, "POST"), 302);
    EXPECT_EQ(after({{302, "/v2"}}), 200);
    EXPECT_EQ(after({{303, "/v2"}}, "POST"), 200);
    EXPECT_THAT(targets(), ElementsAre("POST /v1/a", "GET /v2"));
    EXPECT_EQ(sent.back().body, "");
}

TEST_F(FollowedRedirect, IsTheOnlyOneThatIsFollowed) {
    for (const char* location :
         {"https://other.test/x", "http://api.test/x", "https://api.test:8443/x", "//api.test/x",
          "/\\api.test/x", "https://u@api.test/x", "elsewhere", "", "/a b", "file:///x"}) {
        EXPECT_EQ(after({{307, location}}), 307) << location;
        EXPECT_EQ(sent.size(), 1) << location;
    }
}

TEST_F(FollowedRedirect, TellsWhereItLed) {
    EXPECT_EQ(after({}), 200);
    EXPECT_EQ(led_to, "");
    EXPECT_EQ(after({{307, "/v2/a"}, {307, "/v3/b?x=1#top"}}), 200);
    EXPECT_EQ(led_to, "/v3/b?x=1");
}

TEST_F(FollowedRedirect, WaitsForATurnThatIsNotCountedAgainstTheRequest) {
    wait = Millis{70};
    EXPECT_EQ(after({{307, "/v2"}, {307, "/v3"}}), 200);
    EXPECT_EQ(turns, 3);
    EXPECT_EQ(waited, Millis{140});
    EXPECT_THAT(deadlines, ElementsAre(deadlines[0], deadlines[0] + Millis{70}, deadlines[0] + Millis{140}));
}

TEST_F(FollowedRedirect, IsNotFollowedOnceThereIsAStop) {
    turns = 0;
    EXPECT_EQ(after({{307, "/v2"}}), 0);
    EXPECT_EQ(failure, ErrorKind::cancelled);
    EXPECT_THAT(targets(), ElementsAre("GET /v1/a"));
}

TEST_F(FollowedRedirect, IsFollowedFiveTimesAndNoMore) {
    EXPECT_EQ(after(std::deque<std::pair<int, std::string>>(6, {307, "/v1/a"})), 307);
    EXPECT_EQ(sent.size(), 6);
    turns = 5;
    EXPECT_EQ(after(std::deque<std::pair<int, std::string>>(5, {307, "/v1/a"})), 200);
}

}  // namespace
}  // namespace pagehaul::http
