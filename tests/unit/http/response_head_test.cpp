// RFC 9110, 15.2 (interim answers) and RFC 9112, 6.3 (the length of a body): what a head may say, and what
// not.
#include "http/response_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>

namespace pagehaul::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class Head : public ::testing::Test {
  protected:
    /// What refuses the lines, or "".
    std::string take(std::initializer_list<std::string_view> lines) {
        for (const std::string_view line : lines)
            if (const auto taken = head.take(std::string(line) + "\r\n"); !taken)
                return taken.error().message;
        return "";
    }
    ResponseHead head;
};

TEST_F(Head, HasStatusAndHeadersWithNamesInLowerCase) {
    EXPECT_EQ(take({"HTTP/1.1 200 OK", "Content-Length: 5", "X-Id:  7 \t"}), "");
    EXPECT_FALSE(head.complete());
    EXPECT_EQ(take({""}), "");
    EXPECT_TRUE(head.complete());
    EXPECT_TRUE(head.may_reuse());
    EXPECT_EQ(head.status(), 200);
    EXPECT_EQ(head.content_length(), 5U);
    EXPECT_THAT(head.take_headers(), ElementsAre(Pair("content-length", "5"), Pair("x-id", "7")));
}

TEST_F(Head, OfAnInterimAnswerIsNotTheAnswers) {
    EXPECT_EQ(take({"HTTP/1.1 103 Early Hints", "Link: </a>", ""}), "");
    EXPECT_FALSE(head.complete());
    EXPECT_EQ(take({"HTTP/1.1 100 Continue", "", "HTTP/1.1 404 Not Found", "X-Id: 7", ""}), "");
    EXPECT_TRUE(head.complete());
    EXPECT_EQ(head.status(), 404);
    EXPECT_FALSE(head.may_reuse());
    EXPECT_THAT(head.take_headers(), ElementsAre(Pair("x-id", "7")));
}

TEST_F(Head, OfAProxyToConnectIsNotTheAnswers) {
    EXPECT_EQ(take({"HTTP/1.1 200 Connection established", "Via: proxy", "", "HTTP/1.1 201 Created", ""}),
              "");
    EXPECT_EQ(head.status(), 201);
    EXPECT_TRUE(head.may_reuse());
    EXPECT_TRUE(head.take_headers().empty());
}

TEST_F(Head, HasNoTrailers) {
    EXPECT_EQ(take({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", ""}), "");
    head.body_began();
    EXPECT_EQ(take({"X-Checksum: 1", "HTTP/1.1 500 no status", ""}), "");
    EXPECT_EQ(head.status(), 200);
    EXPECT_THAT(head.take_headers(), ElementsAre(Pair("transfer-encoding", "chunked")));
}

TEST_F(Head, GoesOnOverALineThatBeginsWithABlank) {
    EXPECT_EQ(take({"HTTP/1.1 200 OK", "X-Long: one", "\ttwo", ""}), "");
    EXPECT_THAT(head.take_headers(), ElementsAre(Pair("x-long", "one two")));
}

TEST_F(Head, GoesOnOverALineOfBlanksAlone) {
    EXPECT_EQ(take({"HTTP/1.1 200 OK", "X-Long:", "  two", " \t", "\tthree"}), "");
    EXPECT_FALSE(head.complete());
    EXPECT_EQ(take({""}), "");
    EXPECT_THAT(head.take_headers(), ElementsAre(Pair("x-long", "two three")));
}

TEST_F(Head, RefusesALengthThatGoesOnInTheNextLine) {
    EXPECT_THAT(take({"HTTP/1.1 200 OK", "Content-Length: 5", " 6"}), HasSubstr("has \"5 6\" after 5"));
}

TEST_F(Head, RefusesASwitchOfProtocols) {
    EXPECT_THAT(take({"HTTP/1.1 101 Switching Protocols", "Upgrade: h2c", ""}), HasSubstr("101"));
}

TEST_F(Head, RefusesTwoLengthsAndNamesBoth) {
    EXPECT_THAT(take({"HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6"}),
                HasSubstr("expected one Content-Length, the answer has \"6\" after 5"));
    head = {};
    EXPECT_THAT(take({"HTTP/1.1 200 OK", "Content-Length: 5, 6"}), HasSubstr("has \"5, 6\" after 5"));
}

TEST_F(Head, TakesOneLengthSaidTwice) {
    EXPECT_EQ(take({"HTTP/1.1 200 OK", "Content-Length: 5, 5", "Content-Length: 5", ""}), "");
    EXPECT_EQ(head.content_length(), 5U);
    EXPECT_TRUE(head.may_reuse());
}

TEST_F(Head, RefusesALengthThatIsNoNumber) {
    for (const std::string_view length : {"", "-1", "+5", "5x", "0x5", "99999999999999999999", "5,"}) {
        head = {};
        EXPECT_THAT(take({"HTTP/1.1 200 OK", "Content-Length: " + std::string(length)}),
                    HasSubstr("Content-Length"))
            << length;
    }
}

TEST_F(Head, WithALengthAndChunksIsChunkedAndTheLastOfItsConnection) {
    EXPECT_EQ(take({"HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked", ""}), "");
    EXPECT_FALSE(head.content_length());
    EXPECT_FALSE(head.may_reuse());
}

TEST_F(Head, ThatPromisesABodyWhereNoneMayBeIsTheLastOfItsConnection) {
    for (const std::string_view promise : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
        head = {};
        EXPECT_EQ(take({"HTTP/1.1 204 No Content", promise, ""}), "");
        EXPECT_FALSE(head.may_reuse()) << promise;
    }
    // Of a 304 it is the length of what was not sent.
    head = {};
    EXPECT_EQ(take({"HTTP/1.1 304 Not Modified", "Content-Length: 5", ""}), "");
    EXPECT_TRUE(head.may_reuse());
}

TEST_F(Head, IsBoundedWithItsInterimAnswersAndTrailers) {
    const std::string line = "X-Filler: " + std::string(1'000, 'f');
    EXPECT_EQ(take({"HTTP/1.1 103 Early Hints"}), "");
    std::string refused;
    for (int i = 0; i < 300 && refused.empty(); ++i)
        refused = take({line, "", "HTTP/1.1 103 Early Hints"});
    EXPECT_THAT(refused, HasSubstr("headers are larger than 262144 bytes"));
}

}  // namespace
}  // namespace pagehaul::http
