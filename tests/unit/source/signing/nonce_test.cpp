#include <set>

#include "drafting.h"

namespace pagehaul::source {
namespace {

using config::NonceAlphabet;
using config::NonceStep;

class Nonce : public testing::Drafting {};

TEST_F(Nonce, IsAsLongAsItIsSaidToBeAndOfItsLetters) {
    EXPECT_EQ(made_by(NonceStep{}), std::string(32, '8'));
    EXPECT_EQ(made_by(NonceStep{.of = NonceAlphabet::digits, .length = 6}), "555555");
    EXPECT_EQ(made_by(NonceStep{.of = NonceAlphabet::letters_and_digits, .length = 4}), "VVVV");
    EXPECT_EQ(made_by(NonceStep{.of = NonceAlphabet::uuid}), "88888888-8888-4888-a888-888888888888");
}

TEST_F(Nonce, IsAnotherEachTime) {
    SystemRandom chance;
    Draft by_chance{.request = request, .host = "", .now = {}, .random = chance};
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(take(NonceStep{}, by_chance));
        seen.insert(by_chance.value);
    }
    EXPECT_EQ(seen.size(), 100U);
}

TEST_F(Nonce, NeverLeavesItsLetters) {
    testing::FixedRandom highest(1.0);
    Draft at_the_end{.request = request, .host = "", .now = {}, .random = highest};
    ASSERT_TRUE(take(NonceStep{.length = 2}, at_the_end));
    EXPECT_EQ(at_the_end.value, "ff");
}

}  // namespace
}  // namespace pagehaul::source
