#include "drafting.h"

namespace pagehaul::source {
namespace {

using config::SendStep;

class Send : public testing::Drafting {
  protected:
    Send() { draft.value = "a+b"; }
};

TEST_F(Send, PutsTheValueIntoTheQuery) {
    made_by(SendStep{.query = "sign"});
    EXPECT_EQ(request.target, "/v1/rows?b=2&a=1%2B1&c=&sign=a%2Bb");
    request.target = "/v1/rows";
    made_by(SendStep{.query = "the sign"});
    EXPECT_EQ(request.target, "/v1/rows?the%20sign=a%2Bb");
}

TEST_F(Send, PutsTheValueIntoAHeader) {
    made_by(SendStep{.header = "Authorization", .value = {"SIGN {{ value }}", ""}});
    EXPECT_EQ(request.headers, (http::Headers{{"Authorization", "SIGN a+b"}}));
    draft.value = "a\r\nX: 1";
    EXPECT_EQ(made_by(SendStep{.header = "X-Sign"}),
              "refused: the header X-Sign must not hold CR, LF or NUL");
}

TEST_F(Send, PutsTheValueIntoAForm) {
    request.body = "x=1";
    made_by(SendStep{.form = "sign"});
    EXPECT_EQ(request.body, "x=1&sign=a%2Bb");
}

TEST_F(Send, PutsTheValueIntoABodyAndLeavesTheRestAsItIs) {
    request.body = R"({"rate":1.50})";
    made_by(SendStep{.body = "sign"});
    EXPECT_EQ(request.body, R"({"rate":1.50,"sign":"a+b"})");
    request.body = "{}";
    draft.value = "17";
    made_by(SendStep{.body = "at", .number = true});
    EXPECT_EQ(request.body, R"({"at":17})");
    draft.value = "seventeen";
    EXPECT_EQ(made_by(SendStep{.body = "by", .number = true}),
              "refused: what is sent as by is no JSON number");
}

TEST_F(Send, NeedsABodyToPutItInto) {
    EXPECT_EQ(made_by(SendStep{.body = "sign"}),
              "refused: the request has no JSON object as its body for sign to be put into");
}

}  // namespace
}  // namespace pagehaul::source
