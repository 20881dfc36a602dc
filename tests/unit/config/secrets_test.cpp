#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include "config/reread.h"

#include "fixture.h"

namespace pagehaul::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Variables, ComeFromTheEnvironmentAndFromMountedFiles) {
    Fixture fixture;
    fixture.environment["A"] = "from-env";
    fixture.files["/run/token"] = "from-file\n";
    const auto sources = fixture.options().variables;
    EXPECT_EQ(expand("x ${A} ${file:/run/token} $5", sources)->text, "x from-env from-file $5");
    EXPECT_EQ(expand("$${A}", sources)->text, "${A}");
    EXPECT_EQ(expand("${B}", sources).error(), "the environment variable B is not set");
    EXPECT_EQ(expand("${file:token}", sources).error(),
              "expected an absolute path in ${file:token}, such as ${file:/run/token}");
}

TEST(Variables, LoseTheNewlineAtTheirEndAndThatIsSaidOnceByName) {
    Fixture fixture;
    fixture.environment = {{"A", "canary-a\n"}, {"B", "canary-b\r\n"}, {"C", "canary\nc"}};
    const auto sources = fixture.options().variables;
    EXPECT_EQ(expand("${A}-${B}-${C}", sources)->text, "canary-a-canary-b-canary\nc");
    const auto config = fixture.load(
        minimal("  auth: {type: basic, username: \"${A}\", password: \"${B}\"}\n", "", "") +
        "telemetry: {pushgateway: {url: \"http://push.test\", auth: {type: bearer, token: \"${A}\"}}}\n");
    ASSERT_TRUE(config) << to_text(config.error());
    EXPECT_EQ(std::get<AuthBasic>(config->source.auth).password.value, "canary-b");
    EXPECT_THAT(config->warnings,
                testing::IsSupersetOf({"the environment variable A ends in a newline, which is left out",
                                       "the environment variable B ends in a newline, which is left out"}));
    EXPECT_EQ(std::count_if(
                  config->warnings.begin(), config->warnings.end(),
                  [](const std::string& warning) { return warning.find("newline") != std::string::npos; }),
              2);
}

TEST(Variables, AreNotExpandedTwice) {
    Fixture fixture;
    fixture.environment = {{"A", "${B}"}, {"B", "no"}};
    EXPECT_EQ(expand("${A}", fixture.options().variables)->text, "${B}");
}

TEST(Variables, InAMountedFileCanBeReadAgain) {
    Fixture fixture;
    fixture.files["/run/token"] = "old-token\n";
    const auto config = fixture.load(minimal("  auth: {type: bearer, token: \"${file:/run/token}\"}\n"));
    ASSERT_TRUE(config) << to_text(config.error());
    const Secret token = std::get<AuthBearer>(config->source.auth).token;
    EXPECT_EQ(token.value, "old-token");
    EXPECT_TRUE(is_rereadable(token));
    fixture.files["/run/token"] = "new-token\n";
    EXPECT_EQ(reread(token, fixture.redactor, fixture.options().variables)->value, "new-token");
    EXPECT_EQ(fixture.redactor.redact("old-token new-token"), "*** ***");
    fixture.files.erase("/run/token");
    EXPECT_EQ(reread(token, fixture.redactor, fixture.options().variables).error().kind, ErrorKind::config);
    EXPECT_EQ(reread(config->sink.dsn, fixture.redactor, fixture.options().variables).error().kind,
              ErrorKind::credential);
}

TEST(Load, TeachesTheRedactorEverySecret) {
    Fixture fixture;
    fixture.environment = {{"USER", "canary-user"},
                           {"PASSWORD", "canary-pass"},
                           {"KEY", "canary-key"},
                           {"TABLE", "plain_table"}};
    fixture.files["/run/x"] = "canary-file";
    fixture.set = {"sink.table=${TABLE}", "source.request.query.k=${KEY}",
                   "source.request.path=/rows/${file:/run/x}",
                   "source.request.headers={X-Api-Key: canary-literal, Accept: application/json}"};
    const auto config =
        fixture.load(minimal("  auth: {type: basic, username: \"${USER}\", password: \"${PASSWORD}\"}\n"));
    ASSERT_TRUE(config) << to_text(config.error());
    const std::string text =
        "canary-user canary-pass canary-key canary-file canary-literal canary-password "
        "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3M= postgres://me:canary-password@db/app plain_table application/json";
    EXPECT_EQ(fixture.redactor.redact(text), "*** *** *** *** *** *** ***= *** plain_table application/json");
    EXPECT_THAT(config->fingerprint_text, Not(HasSubstr("canary")));
}

// What stands under a name that sounds like a secret is one, in a query, a header and a body.
std::string with_literals() {
    return "pipeline: p\n"
           "source:\n"
           "  base_url: http://api.test\n"
           "  request:\n"
           "    method: POST\n"
           "    path: /rows\n"
           "    query: {page: \"{{ page.number }}\", Api-Key: canary-1, sort: plain-1, page_token: \"{{ "
           "page.number }}\"}\n"
           "    headers: {X-Signature: canary-2, Accept: plain-2, X-Token: \"${TOKEN}\"}\n"
           "    body: {auth: {Client_Secret: canary-3, passwd: [canary-4], accesskey: \"for {{ page.number "
           "}} canary-5\"},\n"
           "           max_tokens: 1000, filter: plain-3, credential: {name: canary-6}, password: "
           "\"${TOKEN}\"}\n"
           "  auth: {type: header, name: Authorization, value: canary-7}\n"
           "  records: /rows\n"
           "sink:\n"
           "  dsn: postgres://me:canary-8@db/app\n"
           "  table: t\n"
           "  key: [id]\n"
           "  columns: [{name: id, type: bigint}]\n";
}

TEST(Load, KnowsSecretsThatAreWrittenIntoTheFileByTheirNames) {
    Fixture fixture;
    fixture.environment = {{"TOKEN", "canary-9"}};
    const auto config = fixture.load(with_literals());
    ASSERT_TRUE(config) << to_text(config.error());
    std::string text;
    for (int i = 1; i <= 9; ++i)
        text += "canary-" + std::to_string(i) + " ";
    EXPECT_EQ(fixture.redactor.redact(text), "*** *** *** *** *** *** *** *** *** ");
    EXPECT_EQ(fixture.redactor.redact("plain-1 plain-2 plain-3 1000 for"),
              "plain-1 plain-2 plain-3 1000 for");
    EXPECT_THAT(config->fingerprint_text, Not(HasSubstr("canary")));
    EXPECT_THAT(config->fingerprint_text, HasSubstr("source.request.query.Api-Key = \"(literal)\"\n"));
    EXPECT_THAT(config->fingerprint_text,
                HasSubstr("source.request.query.page_token = \"{{ page.number }}\"\n"));
}

TEST(Load, WarnsOfEachSecretInTheFileWithTheLineThatMendsIt) {
    Fixture fixture;
    fixture.environment = {{"TOKEN", "canary-9"}};
    const auto config = fixture.load(with_literals());
    ASSERT_TRUE(config) << to_text(config.error());
    std::vector<std::string> places;
    for (const std::string& warning : config->warnings)
        places.push_back(warning.substr(0, warning.find(": a secret")));
    EXPECT_THAT(places, testing::ElementsAre("p.yaml:7:49 source.request.query.Api-Key",
                                             "p.yaml:8:28 source.request.headers.X-Signature",
                                             "p.yaml:9:34 source.request.body.auth.Client_Secret",
                                             "p.yaml:9:53 source.request.body.auth.passwd.0",
                                             "p.yaml:9:75 source.request.body.auth.accesskey",
                                             "p.yaml:10:66 source.request.body.credential.name",
                                             "p.yaml:11:52 source.auth.value", "p.yaml:14:8 sink.dsn"));
    EXPECT_THAT(
        config->warnings.back(),
        testing::EndsWith("sink.dsn: a secret is written into the file; expected dsn: \"${DSN}\" or dsn: "
                          "\"${file:/run/secrets/dsn}\""));
    EXPECT_THAT(to_text({}) + config->warnings.front(), Not(HasSubstr("canary")));
}

TEST(Load, WarnsOfNoSecretThatComesFromElsewhere) {
    Fixture fixture;
    fixture.environment = {{"TOKEN", "canary-token"}};
    fixture.set = {"source.auth={type: bearer, token: canary-literal}", "sink.dsn=${TOKEN}"};
    fixture.environment["TOKEN"] = "host=db password=canary";
    const auto config = fixture.load(minimal("  auth: {type: bearer, token: \"${TOKEN}\"}\n"));
    ASSERT_TRUE(config) << to_text(config.error());
    EXPECT_THAT(config->warnings, testing::IsEmpty());
}

TEST(Load, KnowsThePasswordOfEveryFormOfConnectionString) {
    for (const std::string dsn :
         {"postgresql://me:canary%2Fpass@db/app",
          "postgres://db/app?user=me&password=canary%2Fpass&sslmode=require",
          "host=db password='canary/pass' dbname=app", "host=db password = canary/pass"}) {
        Fixture fixture;
        fixture.set = {"sink.dsn=" + dsn};
        const auto config = fixture.load(minimal());
        ASSERT_TRUE(config) << to_text(config.error());
        EXPECT_EQ(fixture.redactor.redact("password canary/pass is wrong"), "password *** is wrong") << dsn;
        EXPECT_THAT(config->fingerprint_text, Not(HasSubstr("canary"))) << dsn;
        EXPECT_THAT(config->fingerprint_text, HasSubstr("db")) << dsn;
    }
}

TEST(Load, KnowsAPasswordWithAQuestionMarkInAUrl) {
    Fixture fixture;
    fixture.set = {"sink.dsn=postgres://me:canary?pass@db/app?application_name=a@b"};
    const auto config = fixture.load(minimal());
    ASSERT_TRUE(config) << to_text(config.error());
    EXPECT_EQ(fixture.redactor.redact("password canary?pass is wrong"), "password *** is wrong");
    EXPECT_THAT(config->fingerprint_text,
                HasSubstr("sink.dsn = \"user=me dbname=app host=db application_name=a@b\"\n"));
}

TEST(Load, ShowsTheVariablesOfAConnectionStringAndNoSecretBesideThem) {
    const std::vector<std::array<std::string, 2>> cases{
        {"${URL}", "${URL}"},
        {"${URL}?password=canary", "${URL}(literal)"},
        {"postgres://${USER}:canary@${HOST}:${PORT}/app",
         "user=${USER} dbname=app host=${HOST} port=${PORT}"},
        {"postgres://me:${file:/run/password}@db/app", "user=me dbname=app host=db"},
        {"host=${HOST} password=canary${N} sslpassword=canary", "host=${HOST}"},
    };
    for (const auto& [written, shown] : cases) {
        Fixture fixture;
        fixture.environment = {
            {"URL", "postgres://db/app"}, {"USER", "me"}, {"HOST", "h"}, {"PORT", "1"}, {"N", "2"}};
        fixture.files["/run/password"] = "canary-pass";
        fixture.set = {"sink.dsn=" + written};
        const auto config = fixture.load(minimal());
        ASSERT_TRUE(config) << written << ": " << to_text(config.error());
        EXPECT_THAT(config->fingerprint_text, HasSubstr("sink.dsn = \"" + shown + "\"\n"));
    }
}

TEST(Load, HidesSecretsInProblemsOfOverrides) {
    Fixture fixture;
    fixture.set = {"source.auth={type: bearer, token: canary-token, x: 1}"};
    const std::string problems = fixture.problems(minimal());
    EXPECT_THAT(problems, Not(HasSubstr("canary")));
    EXPECT_THAT(problems, HasSubstr("source.auth.x: unknown key"));
}

}  // namespace
}  // namespace pagehaul::config
