#include "config/redact.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace pagehaul::config {
namespace {

constexpr std::string_view kSecret = "to/k=en+\"1\\";  // every character that some spelling changes

class Spelling : public testing::TestWithParam<const char*> {};

TEST_P(Spelling, IsHidden) {
    Redactor redactor;
    redactor.add(kSecret);
    EXPECT_EQ(redactor.redact("a " + std::string(GetParam()) + " b"), "a *** b");
}

INSTANTIATE_TEST_SUITE_P(Redactor, Spelling,
                         testing::Values(
                             // as it is; JSON
                             R"(to/k=en+"1\)", R"(to\/k=en+\"1\\)", R"(to\/k\u003den\u002B\u00221\u005c)",
                             R"(\u0074\u006f\u002f\u006b\u003d\u0065\u006e\u002b\u0022\u0031\u005c)",
                             R"(to\x2fk\x3den+\"1\\)",
                             // JSON in a JSON string
                             R"(to\\/k\\u003den+\\\"1\\\\)",
                             // a URL, a form; twice; only in parts; in a JSON string
                             "to%2Fk%3Den%2B%221%5C", "to%2fk%3den%2b%221%5c", "to/k%3Den+%221%5C",
                             "to%252Fk%253Den%252B%25221%255C", R"(to\u00252Fk\u0025\u0033\u0044en+\"1%5C)",
                             // HTML
                             "to/k=en+&quot;1\\", "to&#x2F;k&#61;en&#x2b;&#34;1&#92;"));

TEST(Redactor, HidesASecretInEveryFormItTakesOnTheWay) {
    Redactor redactor;
    redactor.add("cana/ry pass?\"1");
    EXPECT_EQ(redactor.redact("a cana/ry pass?\"1 b"), "a *** b");
    EXPECT_EQ(redactor.redact("q=cana%2Fry%20pass%3F%221&x"), "q=***&x");
    EXPECT_EQ(redactor.redact("q=cana%2fry+pass%3f%221&x"), "q=***&x");
    EXPECT_EQ(redactor.redact("Basic Y2FuYS9yeSBwYXNzPyIx"), "Basic ***");
    EXPECT_EQ(redactor.redact(R"({"m":"cana/ry pass?\"1"})"), R"({"m":"***"})");
}

TEST(Redactor, HidesASecretWhoseCharactersJsonSpellsAsSurrogates) {
    Redactor redactor;
    redactor.add("pass\xF0\x9F\x94\x91word");
    EXPECT_EQ(redactor.redact(R"("pass\ud83d\udd11word")"), R"("***")");
}

// base64 of "ab:canary-pass", of "b:canary-pass", of ":canary-pass" and of "canary-pass!", each with a
// neighbour: where the secret begins decides what it becomes.
TEST(Redactor, HidesASecretInBase64WhereverItBegins) {
    Redactor redactor;
    redactor.add("canary-pass");
    EXPECT_EQ(redactor.redact("YWI6Y2FuYXJ5LXBhc3M="), "YWI6***=");
    EXPECT_EQ(redactor.redact("YjpjYW5hcnktcGFzcw=="), "Yj***==");
    EXPECT_EQ(redactor.redact("OmNhbmFyeS1wYXNz"), "O***");
    EXPECT_EQ(redactor.redact("Y2FuYXJ5LXBhc3Mh"), "***h");
}

TEST(Redactor, HidesUrlSafeBase64AndThatOfJson) {
    Redactor redactor;
    redactor.add(
        "\xC3\xBF\xC3\xBF\xC3\xBF???"
        ">>>");
    EXPECT_EQ(redactor.redact("w7_Dv8O_Pz8_Pj4-"), "***");
    EXPECT_EQ(redactor.redact("w7/Dv8O/Pz8/Pj4+"), "***");
    EXPECT_EQ(redactor.redact(R"(w7\/Dv8O\/Pz8\/Pj4+)"), "***");
}

TEST(Redactor, HidesASecretThatLooksLikeAnEscapeAmidRealOnes) {
    Redactor redactor;
    redactor.add("a%41=b\\n1");
    EXPECT_EQ(redactor.redact("x a%41=b\\n1 x"), "x *** x");
    EXPECT_EQ(redactor.redact("x a%2541%3Db%5Cn1 x"), "x *** x");
    EXPECT_EQ(redactor.redact(R"(x a%41\u003db\\n1 x)"), "x *** x");
}

// One kind of escape in the secret is undone with the outermost layer, the other only behind the innermost.
TEST(Redactor, HidesASecretThatLooksLikeTwoKindsOfEscapesInAsManyLayersAsOthers) {
    Redactor redactor;
    redactor.add(R"(a%41\n1)");
    EXPECT_EQ(redactor.redact(R"("a%41\\n1")"), R"("***")");
    EXPECT_EQ(redactor.redact(R"("a%41\\\\n1")"), R"("***")");
    EXPECT_EQ(redactor.redact(R"("a%41\\\\\\\\n1")"), R"("***")");
}

TEST(Redactor, KeepsKnowingAnOldValue) {
    Redactor redactor;
    redactor.add("old-token");
    redactor.add("new-token");
    EXPECT_EQ(redactor.redact("old-token, new-token"), "***, ***");
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

TEST(Redactor, LeavesTextAsItIsWhereNoSecretStands) {
    Redactor redactor;
    redactor.add("canary");
    for (const std::string text :
         {"", "%", "100%", R"(C:\u12 \ud800 \)", "&amp;&#;&#x110000;", "\xFF\\/a+b c"})
        EXPECT_EQ(redactor.redact(text), text);
}

// Its backslash, spelt by HTML, would make an escape with the `u` that JSON's spelling of the next one
// begins.
TEST(Redactor, FindsASecretWithABackslashBehindLayersOfSeveralKinds) {
    Redactor redactor;
    redactor.add("pass\\\x0e");
    EXPECT_EQ(redactor.redact(R"(a pass&#x5c;\u005cu000E z)"), "a *** z");
    EXPECT_EQ(redactor.redact(R"(a pass%5C\u005cu000E z)"), "a *** z");
}

TEST(Redactor, CutsBehindASecretAcrossTheCutAndNeverInIt) {
    Redactor redactor;
    redactor.add("canary/");
    const std::string text = R"(0123canary\u002f0123)";  // the spelling is 12 bytes, from 4 to 16
    for (std::size_t bytes = 5; bytes <= 16; ++bytes)
        EXPECT_EQ(redactor.redact(text, bytes), "0123***") << bytes;
    EXPECT_EQ(redactor.redact(text, 4), "0123");
    EXPECT_EQ(redactor.redact(text, 17), "0123***0");
}

TEST(Redactor, HidesTheBeginningOfASecretThatOthersHaveCut) {
    Redactor redactor;
    redactor.add("canary-token-12345");
    EXPECT_EQ(
        redactor.redact("(1, canary-token-123...), canary-token-123…, canary-token... canary-token-123"),
        "(1, ***...), ***…, canary-token... canary-token-123");
}

TEST(Redactor, CutsBetweenCharacters) {
    const Redactor redactor;
    EXPECT_EQ(redactor.redact("a\xC3\xA9z", 2), "a");
    EXPECT_EQ(redactor.redact("a\xC3\xA9z", 3), "a\xC3\xA9");
}

TEST(Redactor, FindsASecretAtEveryPlaceOfALongText) {
    Redactor redactor;
    redactor.add("canary/");
    const std::string filler(64UL * 1024 - 6, '.');  // the secret moves across where two pieces of work meet
    for (std::size_t shift = 0; shift <= 12; ++shift) {
        const std::string before = filler + std::string(shift, '.');
        EXPECT_TRUE(redactor.redact(before + R"(canary\/ and )" + filler + "canary%2F") ==
                    before + "*** and " + filler + "***")
            << shift;
    }
}

std::string json_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
        out += escape;
    }
    return out;
}

TEST(Redactor, FindsTheLongestSpellingAcrossTwoPiecesOfWork) {
    Redactor redactor;
    redactor.add("canary/token");
    const std::string filler(64UL * 1024 - 6, '.');
    const std::string spelt = json_escaped(json_escaped(json_escaped("canary/token")));
    EXPECT_TRUE(redactor.redact(filler + spelt + filler) == filler + "***" + filler);
}

}  // namespace
}  // namespace pagehaul::config
