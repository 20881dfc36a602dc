#include "drafting.h"

namespace pagehaul::source {
namespace {

using config::CaseStep;
using config::EncodeStep;
using config::LetterCase;
using config::SignEncoding;

class SigningEncode : public testing::Drafting {
  protected:
    std::string as(SignEncoding encoding, std::string bytes) {
        draft.value = std::move(bytes);
        return made_by(EncodeStep{.as = encoding});
    }
};

TEST_F(SigningEncode, WritesBytes) {
    const std::string bytes("\xff\xfe\x00", 3);
    EXPECT_EQ(as(SignEncoding::hex, bytes), "fffe00");
    EXPECT_EQ(as(SignEncoding::base64, bytes), "//4A");
    EXPECT_EQ(as(SignEncoding::base64, "a"), "YQ==");
    EXPECT_EQ(as(SignEncoding::base64_url, bytes), "__4A");
    EXPECT_EQ(as(SignEncoding::url, "a b/é~"), "a%20b%2F%C3%A9~");
}

TEST_F(SigningEncode, ChangesTheCaseOfLettersAToZ) {
    draft.value = "aZé9";
    EXPECT_EQ(made_by(CaseStep{}), "AZé9");
    EXPECT_EQ(made_by(CaseStep{.to = LetterCase::lower}), "azé9");
}

}  // namespace
}  // namespace pagehaul::source
