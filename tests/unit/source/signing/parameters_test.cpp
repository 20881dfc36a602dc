#include "drafting.h"

namespace pagehaul::source {
namespace {

using config::EmptyParameters;
using config::ParameterOrder;
using config::ParameterPlace;
using config::ParametersStep;
using config::ParameterText;
using config::Secret;

class Parameters : public testing::Drafting {
  protected:
    ParametersStep of_query{.from = {ParameterPlace::query}};
};

TEST_F(Parameters, AreSortedByNameAndPlain) {
    EXPECT_EQ(made_by(of_query), "a=1+1&b=2&c=");
}

TEST_F(Parameters, AreWrittenAsTheStepSays) {
    ParametersStep step = of_query;
    step.pair = "{{ name }}{{ value }}";
    step.separator = "";
    EXPECT_EQ(made_by(step), "a1+1b2c");
    step.pair = "{{ value }}";
    step.separator = "|";
    step.sort = ParameterOrder::none;
    EXPECT_EQ(made_by(step), "2|1+1|");
    step.values = ParameterText::encoded;
    EXPECT_EQ(made_by(step), "2|1%2B1|");
    step.sort = ParameterOrder::value;
    step.empty = EmptyParameters::left_out;
    EXPECT_EQ(made_by(step), "1%2B1|2");
}

TEST_F(Parameters, AreThoseThatTheStepNames) {
    ParametersStep step = of_query;
    step.without = {"b"};
    EXPECT_EQ(made_by(step), "a=1+1&c=");
    step = of_query;
    step.only = {"b", "c"};
    EXPECT_EQ(made_by(step), "b=2&c=");
    step.only = {"b", "d"};
    EXPECT_EQ(made_by(step), "refused: the request has no parameter d to be signed");
    step.empty = EmptyParameters::left_out;
    EXPECT_EQ(made_by(step), "b=2");
}

TEST_F(Parameters, MayBeSignedThatAreNotSent) {
    draft.named["now"] = "17";
    ParametersStep step = of_query;
    step.only = {"b"};
    step.with = {{"secret", Secret{"s3cr3t", ""}}, {"at", Secret{"{{ now }}", ""}}};
    EXPECT_EQ(made_by(step), "at=17&b=2&secret=s3cr3t");
}

TEST_F(Parameters, OfABodyAreItsMembersAsTheyAreSent) {
    request.body =
        R"({"id":10000000000000000001,"rate":1.50,"text":"a\"b\u00e9","nested":{"x":[1,"y}"]},"none":null,"no":false})";
    ParametersStep step{.from = {ParameterPlace::body}, .sort = ParameterOrder::none};
    EXPECT_EQ(made_by(step),
              "id=10000000000000000001&rate=1.50&text=a\"bé&nested={\"x\":[1,\"y}\"]}&none=null&no=false");
    step.empty = EmptyParameters::left_out;
    step.without = {"id", "text", "nested"};
    EXPECT_EQ(made_by(step), "rate=1.50&no=false");
}

TEST_F(Parameters, OfSeveralPlacesAreSortedTogether) {
    request.body = "z=%C3%A9&aa=x+y";
    EXPECT_EQ(made_by(ParametersStep{.from = {ParameterPlace::query, ParameterPlace::form}}),
              "a=1+1&aa=x y&b=2&c=&z=é");
}

TEST_F(Parameters, OfNothingAreNone) {
    request.target = "/";
    EXPECT_EQ(made_by(of_query), "");
    EXPECT_EQ(made_by(ParametersStep{.from = {ParameterPlace::body}}), "");
    request.body = "{}";
    EXPECT_EQ(made_by(ParametersStep{.from = {ParameterPlace::body}}), "");
}

}  // namespace
}  // namespace pagehaul::source
