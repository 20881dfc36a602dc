#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    EXPECT_EQ(reread(token, fixture.options().variables)->value, "new-token");
    fixture.files.erase("/run/token");
    EXPECT_EQ(reread(token, fixture.options().variables).error().kind, ErrorKind::config);
    EXPECT_EQ(reread(config->sink.dsn, fixture.options().variables).error().kind, ErrorKind::credential);
}

TEST(Redactor, HidesASecretInEveryFormItTakesOnTheWay) {
    Redactor redactor;
    redactor.add("cana/ry pass?\"1");
    EXPECT_EQ(redactor.redact("a cana/ry pass?\"1 b"), "a *** b");
    EXPECT_EQ(redactor.redact("q=cana%2Fry%20pass%3F%221&x"), "q=***&x");
    EXPECT_EQ(redactor.redact("q=cana%2fry+pass%3f%221&x"), "q=***&x");
    EXPECT_EQ(redactor.redact("Basic Y2FuYS9yeSBwYXNzPyIx"), "Basic ***");
    EXPECT_EQ(redactor.redact(R"({"m":"cana/ry pass?\"1"})"), R"({"m":"***"})");
}

TEST(Redactor, LeavesNothingOfOverlappingSecrets) {
    Redactor redactor;
    redactor.add("abcdef");
    redactor.add("defghi");
    EXPECT_EQ(redactor.redact("xabcdefghix abcdef"), "x***x ***");
}

TEST(Redactor, LeavesTextAloneForSecretsTooShortToHide) {
    Redactor redactor;
    redactor.add("abc");
    redactor.add("");
    EXPECT_EQ(redactor.redact("abcd"), "abcd");
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
