#include "source/signing/signer.h"

#include <gtest/gtest.h>

#include "http/sigv4.h"
#include "manual_clock.h"
#include "scripted_transport.h"

namespace pagehaul::source {
namespace {

using config::ParameterPlace;
using config::ParametersStep;
using config::Secret;
using config::SendStep;
using config::SigningStep;

/// Wall time that a test sets.
class SetClock final : public Clock {
  public:
    WallTime wall{};
    MonoTime now() const override { return {}; }
    WallTime wall_now() const override { return wall; }
    bool wait_until(MonoTime, std::stop_token) const override { return true; }
};

Secret plain(const std::string& text) {
    return {text, text};
}

class RequestSignature : public ::testing::Test {
  protected:
    Signer by(std::vector<SigningStep> steps) {
        return Signer(config::SigningSteps{std::move(steps)}, "https://api.test/v1", clock, random, reread);
    }
    /// What is sent.
    http::Request signed_by(std::vector<SigningStep> steps, http::Request request) {
        const auto done = by(std::move(steps)).sign(request);
        EXPECT_TRUE(done) << done.error().message;
        return request;
    }
    void at(std::int64_t seconds) { clock.wall = WallTime{std::chrono::seconds(seconds)}; }

    SetClock clock;
    testing::FixedRandom random;
    Reread reread = [](const Secret&) { return fail(ErrorKind::credential, "", "static"); };
};

// "Request Example" of Xiaohongshu's shop API, its first version:
// https://school.xiaohongshu.com/en/open/quick-start/sign.html
TEST_F(RequestSignature, OfArkIsThePublishedOne) {
    at(1'469'902'537);
    const std::vector<SigningStep> steps{
        config::TimestampStep{.name = "now"},
        SendStep{.header = "timestamp"},
        ParametersStep{.from = {ParameterPlace::query},
                       .with = {{"timestamp", plain("{{ now }}")}, {"app-key", plain("xhs")}}},
        config::TextStep{.text = plain("{{ request.path }}?{{ value }}9a539709cafc1efc9ef05838be468a28")},
        config::DigestStep{.algorithm = DigestKind::md5},
        config::EncodeStep{},
        SendStep{.header = "sign"}};
    const auto sent = signed_by(steps, {.target = "/ark/open_api/v1/items?status=0&page_no=1&page_size=50"});
    EXPECT_EQ(sent.headers,
              (http::Headers{{"timestamp", "1469902537"}, {"sign", "72be6fad4dd0e5104dbdebbcdadb2a06"}}));
}

// Its second version: the rule is published, its example's secret is not; the digest is md5sum's.
// https://xiaohongshu.apifox.cn/doc-2810932
TEST_F(RequestSignature, OfArkInTheBodyFollowsThePublishedRule) {
    at(1'612'518'379);
    const std::vector<SigningStep> steps{
        config::TimestampStep{},
        SendStep{.body = "timestamp"},
        ParametersStep{
            .name = "method", .from = {ParameterPlace::body}, .only = {"method"}, .pair = "{{ value }}"},
        ParametersStep{
            .name = "known", .from = {ParameterPlace::body}, .only = {"appId", "timestamp", "version"}},
        config::TextStep{.text = plain("{{ method }}?{{ known }}s3cr3t")},
        config::DigestStep{.algorithm = DigestKind::md5},
        config::EncodeStep{},
        SendStep{.body = "sign"}};
    const auto sent = signed_by(
        steps, {.method = "POST",
                .target = "/",
                .body = R"({"appId":"app1","version":"2.0","method":"order.getOrderList","pageNo":1})"});
    EXPECT_EQ(sent.body, R"({"appId":"app1","version":"2.0","method":"order.getOrderList","pageNo":1,)"
                         R"("timestamp":"1612518379","sign":"3b1fd07bd86e9ca5ea2b3b8af9c4240e"})");
}

// Ocean Engine's reports for media (partner.oceanengine.com): sha1 of key, time and nonce, sorted. The rule
// is published, an example is not; the digest is sha1sum's.
TEST_F(RequestSignature, OfOceanEngineSortsTheValuesThemselves) {
    at(1'612'518'379);
    const std::vector<SigningStep> steps{
        config::TimestampStep{.name = "now"},
        SendStep{.query = "timestamp"},
        config::NonceStep{.name = "nonce", .of = config::NonceAlphabet::digits, .length = 8},
        SendStep{.query = "nonce"},
        ParametersStep{.with = {{"key", plain("s3cr3t")},
                                {"timestamp", plain("{{ now }}")},
                                {"nonce", plain("{{ nonce }}")}},
                       .sort = config::ParameterOrder::value,
                       .pair = "{{ value }}",
                       .separator = ""},
        config::DigestStep{.algorithm = DigestKind::sha1},
        config::EncodeStep{},
        SendStep{.query = "sign"}};
    EXPECT_EQ(
        signed_by(steps, {.target = "/report/slot?user_id=7"}).target,
        "/report/"
        "slot?user_id=7&timestamp=1612518379&nonce=55555555&sign=b30926a2d126565b6d2b00eb217e64e9398c648a");
}

// Ocean Engine's shops (op.jinritemai.com): HMAC of the sorted parameters between two secrets. The rule is
// published, an example is not; the code is that of openssl dgst.
TEST_F(RequestSignature, OfItsShopsIsACodeOfNamesAndValues) {
    at(1'612'518'379);
    const std::vector<SigningStep> steps{
        config::TimestampStep{},
        SendStep{.query = "timestamp"},
        ParametersStep{.from = {ParameterPlace::query},
                       .without = {"access_token", "sign_method"},
                       .pair = "{{ name }}{{ value }}",
                       .separator = ""},
        config::TextStep{.text = plain("s3cr3t{{ value }}s3cr3t")},
        config::HmacStep{.algorithm = DigestKind::sha256, .key = plain("s3cr3t")},
        config::EncodeStep{},
        SendStep{.query = "sign"}};
    const std::string target =
        "/order/searchList?method=order.searchList&app_key=k1&param_json=%7B%22page%22%3A0%7D&v=2&"
        "access_token=t&sign_method=hmac-sha256";
    EXPECT_EQ(
        signed_by(steps, {.target = target}).target,
        target +
            "&timestamp=1612518379&sign=a3643ec316b002c5ec06220824a3f719fa08aec2bdd59e33ba18088bebad4da6");
}

// Two more that are published with their results.
TEST_F(RequestSignature, OfOtherPublishedExamplesIsTheirs) {
    // https://github.com/tabqiang/openAPI: parameters as a form has them, time, nonce and secret; sha256.
    const auto by_sha = signed_by(
        {config::TextStep{.text = plain("a=12&b={{ request.query }}&c=c+c1533203011aaa"
                                        "EjmkjrcQdmhTsUOc0aLPgSgVnkR5tMdPuiWKS2itnPTHZim9HumCRXpi3I2fU94X")},
         config::DigestStep{}, config::EncodeStep{}, SendStep{.header = "x-sign"}},
        {.target = "/?%E4%B8%AD%E6%96%87"});
    EXPECT_EQ(by_sha.headers.back().second,
              "1dfff694ade12ed7a97247454d6fff2bb5457a41787d374276b18db691a6de49");
    // http://www.thinkerx.com/doc/8/27: HMAC of a body's sorted members.
    const auto by_hmac = signed_by(
        {ParametersStep{.from = {ParameterPlace::body}},
         config::HmacStep{.algorithm = DigestKind::sha256, .key = plain("59bf531b39d84e8da4d74e7bc200e102")},
         config::EncodeStep{}, SendStep{.header = "sign"}},
        {.method = "POST",
         .target = "/",
         .body = R"({"account":"17711111111","search_key":"四合院","page":2,"limit":20,)"
                 R"("app_key":"b0d566b0fac064a230ec","timestamp":1612345678})"});
    EXPECT_EQ(by_hmac.headers.back().second,
              "3bd435960f746563c6dedfc717bf38da604fc209b9e4c8e5291fa72675e5e06a");
}

TEST_F(RequestSignature, OfAwsIsTheOneOfHttp) {
    at(1'440'938'160);
    const config::AwsSigV4 aws{.region = "us-east-1",
                               .service = "service",
                               .access_key_id = plain("AKIDEXAMPLE"),
                               .secret_access_key = plain("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                               .session_token = {}};
    http::Request request{.target = "/"};
    std::vector<std::string> told;
    ASSERT_TRUE(Signer(aws, "https://example.amazonaws.com", clock, random, reread)
                    .sign(request, [&](const BuiltStep& step) { told.push_back(step.what); }));
    EXPECT_EQ(request.headers.back().second,
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
              "SignedHeaders=host;x-amz-date, "
              "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    EXPECT_EQ(told, (std::vector<std::string>{"the canonical request", "the text that is signed",
                                              "sent as the header Authorization"}));
}

TEST_F(RequestSignature, CanBeThatOfAwsByStepsToo) {
    at(1'440'938'160);
    const auto hmac = [](const std::string& name, const std::string& key) {
        return config::HmacStep{.name = name, .algorithm = DigestKind::sha256, .key = plain(key)};
    };
    const auto text = [](const std::string& written) { return config::TextStep{.text = plain(written)}; };
    const std::vector<SigningStep> steps{
        config::TimestampStep{.name = "now", .format = "%Y%m%dT%H%M%SZ"},
        SendStep{.header = "X-Amz-Date"},
        text("GET\n{{ request.path }}\n\nhost:{{ request.host }}\nx-amz-date:{{ now }}\n\nhost;x-amz-date\n"
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        config::DigestStep{},
        config::EncodeStep{.name = "canonical"},
        text("20150830"),
        hmac("dated", "AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        text("us-east-1"),
        hmac("of_region", "{{ dated }}"),
        text("service"),
        hmac("of_service", "{{ of_region }}"),
        text("aws4_request"),
        hmac("key", "{{ of_service }}"),
        text("AWS4-HMAC-SHA256\n{{ now }}\n20150830/us-east-1/service/aws4_request\n{{ canonical }}"),
        hmac("signature", "{{ key }}"),
        config::EncodeStep{},
        SendStep{.header = "X-Signature"}};
    http::Request request{.target = "/"};
    std::vector<BuiltStep> told;
    ASSERT_TRUE(Signer(config::SigningSteps{steps}, "https://example.amazonaws.com", clock, random, reread)
                    .sign(request, [&](const BuiltStep& step) { told.push_back(step); }));
    EXPECT_EQ(request.headers.back().second,
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    EXPECT_EQ(told[6].what, "hmac sha256 (dated)");
    EXPECT_EQ(told[6].made, "***") << "a key is made of it";
    EXPECT_EQ(told[12].made, "***");
    EXPECT_EQ(told[14].made, "the bytes 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    EXPECT_EQ(told[16].what, "sent as the header X-Signature");
}

TEST_F(RequestSignature, IsMadeAnewForEachRequestThatIsSent) {
    auto inner = std::make_unique<testing::ScriptedTransport>();
    inner->then_status(500);
    const auto& seen = *inner;
    const Signer signer = by({config::TimestampStep{}, SendStep{.query = "at"}});
    const auto transport = signing_transport(std::move(inner), signer);
    const http::Request request{.target = "/rows?at=1"};
    for (const std::int64_t second : {7, 8}) {
        at(second);
        ASSERT_TRUE(transport->send(request, {}, {}));
    }
    EXPECT_EQ(seen.targets(), (std::vector<std::string>{"/rows?at=7", "/rows?at=8"}));
}

TEST_F(RequestSignature, IsNotMadeOfAnOlderOne) {
    const std::vector<SigningStep> steps{ParametersStep{.from = {ParameterPlace::query}},
                                         SendStep{.header = "X-Signed"}, SendStep{.query = "sign"}};
    const auto sent = signed_by(steps, {.target = "/rows?sign=older&page=2"});
    EXPECT_EQ(sent.headers.back().second, "page=2");
    EXPECT_EQ(sent.target, "/rows?page=2&sign=page%3D2");
}

TEST_F(RequestSignature, ThatCannotBeMadeIsNotSent) {
    auto inner = std::make_unique<testing::ScriptedTransport>();
    const auto& seen = *inner;
    const Signer signer = by({config::TimestampStep{}, SendStep{.body = "at"}});
    const auto transport = signing_transport(std::move(inner), signer);
    const auto answer = transport->send({.target = "/rows"}, {}, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::config);
    EXPECT_TRUE(seen.targets().empty());
}

/// A credential that nobody brings anew.
class Nothing final : public TokenSource {
  public:
    Result<Granted> get(bool, const Stops&) override { return Granted{}; }
    bool look() override { return false; }
    bool renews() const override { return false; }
    bool may_change() const override { return false; }
};

TEST_F(RequestSignature, IsMadeOfASecretThatIsReadAgainOnceTheApiRefuses) {
    std::string file = "old";
    reread = [&](const Secret& secret) -> Result<Secret> {
        if (!secret.source.starts_with("${file:")) return fail(ErrorKind::credential, "", "static");
        return Secret{file, secret.source};
    };
    Signer signer = by({config::TextStep{.text = {"old", "${file:/run/key}"}}, SendStep{.query = "sign"}});
    const auto credential = with_signer(std::make_unique<Nothing>(), signer);
    EXPECT_TRUE(credential->may_change());
    EXPECT_FALSE(credential->look()) << "nobody has brought another";
    file = "new";
    EXPECT_TRUE(credential->look());
    http::Request request{.target = "/"};
    ASSERT_TRUE(signer.sign(request));
    EXPECT_EQ(request.target, "/?sign=new");
}

}  // namespace
}  // namespace pagehaul::source
