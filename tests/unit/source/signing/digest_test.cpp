#include "drafting.h"

namespace pagehaul::source {
namespace {

using config::DigestStep;
using config::HmacStep;

class SigningDigest : public testing::Drafting {
  protected:
    std::string hex() const { return to_hex(draft.value); }
};

TEST_F(SigningDigest, IsOfTheValueBeforeIt) {
    draft.value = "abc";
    made_by(DigestStep{.algorithm = DigestKind::md5});
    EXPECT_EQ(hex(), "900150983cd24fb0d6963f7d28e17f72");
}

TEST_F(SigningDigest, MayHaveAKeyThatStepsHaveMade) {
    draft.named["key"] = "Je";
    draft.value = "what do ya want for nothing?";
    made_by(HmacStep{.algorithm = DigestKind::sha256, .key = {"{{ key }}fe", ""}});
    EXPECT_EQ(hex(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace pagehaul::source
