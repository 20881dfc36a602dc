#include "http/sigv4.h"

#include <gtest/gtest.h>

namespace pagehaul::http {
namespace {

// AWS publishes these: "aws-sig-v4-test-suite", and the example of the IAM user guide (ListUsers).
const AwsCredentials kExample{
    .id = "AKIDEXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", .token = {}};
const WallTime kWhen = WallTime::clock::from_time_t(1'440'938'160);  // 2015-08-30 12:36:00 UTC

std::string authorization(Request request, const AwsCredentials& credentials = kExample,
                          const std::string& service = "service",
                          const std::string& host = "example.amazonaws.com") {
    sign({.credentials = credentials, .region = "us-east-1", .service = service, .host = host, .at = kWhen},
         request);
    return request.headers.back().first + ": " + request.headers.back().second;
}

std::string expected(const std::string& names, const std::string& signature,
                     const std::string& service = "service") {
    return "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/" + service +
           "/aws4_request, SignedHeaders=" + names + ", Signature=" + signature;
}

TEST(SigV4, SignsAsThePublishedExamplesDo) {
    EXPECT_EQ(
        authorization({.target = "/"}),
        expected("host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
    EXPECT_EQ(
        authorization({.method = "POST", .target = "/"}),
        expected("host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
    EXPECT_EQ(authorization({.method = "POST", .target = "/", .headers = {{"My-Header1", "VALUE1"}}}),
              expected("host;my-header1;x-amz-date",
                       "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"));
    EXPECT_EQ(authorization({.method = "POST",
                             .target = "/",
                             .body = "Param1=value1",
                             .content_type = "application/x-www-form-urlencoded"}),
              expected("content-type;host;x-amz-date",
                       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
}

TEST(SigV4, SortsTheQuery) {
    EXPECT_EQ(
        authorization({.target = "/?Param2=value2&Param1=value1"}),
        expected("host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
    EXPECT_EQ(
        authorization({.target = "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"}),
        expected("host;x-amz-date", "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"));
    EXPECT_EQ(authorization({.target = "/?Action=ListUsers&Version=2010-05-08",
                             .content_type = "application/x-www-form-urlencoded; charset=utf-8"},
                            kExample, "iam", "iam.amazonaws.com"),
              expected("content-type;host;x-amz-date",
                       "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", "iam"));
}

TEST(SigV4, OrdersWhatIsRepeatedAndTakesAnyLetterAsThePublishedExamplesDo) {
    const auto of = [](const std::string& target) { return authorization({.target = target}); };
    EXPECT_EQ(
        of("/?Param1=value2&Param1=Value1"),
        expected("host;x-amz-date", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"));
    EXPECT_EQ(
        of("/?%E1%88%B4=bar"),
        expected("host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"));
    EXPECT_EQ(of("/\u1234"), expected("host;x-amz-date",
                                      "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"));
    EXPECT_EQ(
        of("/example space/"),
        expected("host;x-amz-date", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"));
}

// "Examples: Signature Calculations" of Amazon S3's API reference.
TEST(SigV4, TakesThePathAsItIsSentAndTellsTheBodysDigestForS3) {
    const AwsCredentials example{
        .id = "AKIAIOSFODNN7EXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", .token = {}};
    const auto of = [&](Request request) {
        sign({.credentials = example,
              .region = "us-east-1",
              .service = "s3",
              .host = "examplebucket.s3.amazonaws.com",
              .at = WallTime::clock::from_time_t(1'369'353'600)},  // 2013-05-24
             request);
        const std::string& told = request.headers.back().second;
        return told.substr(told.rfind('=') + 1);
    };
    EXPECT_EQ(of({.target = "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(of({.target = "/?lifecycle"}),
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    EXPECT_EQ(of({.target = "/?max-keys=2&prefix=J"}),
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    EXPECT_EQ(of({.target = "/a%20b"}).size(), 64U);
    EXPECT_NE(of({.target = "/a%20b"}), of({.target = "/a%2520b"}));
}

TEST(SigV4, LeavesOutWhatProxiesChange) {
    const auto of = [](const std::string& agent) {
        return authorization({.target = "/", .headers = {{"User-Agent", agent}}});
    };
    EXPECT_EQ(of("a"), of("b"));
}

TEST(SigV4, TellsWhatWasSigned) {
    Request request{.target = "/"};
    const AwsSigned signed_one = sign({.credentials = kExample,
                                       .region = "us-east-1",
                                       .service = "service",
                                       .host = "example.amazonaws.com",
                                       .at = kWhen},
                                      request);
    EXPECT_TRUE(signed_one.canonical.starts_with("GET\n/\n\nhost:example.amazonaws.com\n"));
    EXPECT_TRUE(signed_one.to_sign.starts_with(
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"));
}

TEST(SigV4, BlanksOfAHeaderAreOneAndNamesInLowerCase) {
    EXPECT_EQ(authorization({.target = "/", .headers = {{"My-Header", "  a   b "}}}),
              authorization({.target = "/", .headers = {{"my-header", "a b"}}}));
    EXPECT_NE(authorization({.target = "/", .headers = {{"My-Header", "a b"}}}),
              authorization({.target = "/", .headers = {{"My-Header", "ab"}}}));
}

TEST(SigV4, ASessionsTokenIsSentAndSigned) {
    Request request{.method = "POST", .target = "/"};
    AwsCredentials session = kExample;
    session.token = "a-session";
    sign({.credentials = session, .region = "us-east-1", .service = "sqs", .host = "h", .at = kWhen},
         request);
    ASSERT_EQ(request.headers.size(), 3U);
    EXPECT_EQ(request.headers[0], (std::pair<std::string, std::string>("X-Amz-Date", "20150830T123600Z")));
    EXPECT_EQ(request.headers[1], (std::pair<std::string, std::string>("X-Amz-Security-Token", "a-session")));
    EXPECT_NE(request.headers[2].second.find("SignedHeaders=host;x-amz-date;x-amz-security-token,"),
              std::string::npos);
}

TEST(SigV4, TheBodyAndThePathCount) {
    const auto of = [](const std::string& target, const std::string& body) {
        return authorization({.method = "POST", .target = target, .body = body});
    };
    EXPECT_NE(of("/", "a"), of("/", "b"));
    EXPECT_NE(of("/a", ""), of("/b", ""));
    EXPECT_NE(of("/%41", ""), of("/A", ""));
}

}  // namespace
}  // namespace pagehaul::http
