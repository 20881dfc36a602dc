#include "core/seal.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace pagehaul {
namespace {

const std::string kKey(32, 'k');

TEST(Seal, IsOpenedByItsKeyAsWhatItBelongsTo) {
    const std::string sealed = seal(kKey, "a pair of tokens", "pipeline a");
    EXPECT_EQ(sealed.find("pair"), std::string::npos);
    EXPECT_EQ(unseal(kKey, sealed, "pipeline a"), "a pair of tokens");
    EXPECT_EQ(unseal(kKey, sealed, "pipeline b"), std::nullopt);
    EXPECT_EQ(unseal(std::string(32, 'x'), sealed, "pipeline a"), std::nullopt);
    EXPECT_EQ(unseal(kKey, seal(kKey, "", ""), ""), "");
}

TEST(Seal, IsAnotherEachTime) {
    EXPECT_NE(seal(kKey, "same", ""), seal(kKey, "same", ""));
}

TEST(Seal, ThatWasTouchedOpensNoMore) {
    const std::string sealed = seal(kKey, "a pair of tokens", "");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string other = sealed;
        other[i] = static_cast<char>(other[i] ^ 1);
        EXPECT_EQ(unseal(kKey, other, ""), std::nullopt) << i;
    }
    EXPECT_EQ(unseal(kKey, sealed.substr(0, 27), ""), std::nullopt);
}

// The GCM specification (McGrew, Viega), test case 16: key, nonce, what belongs to it, ciphertext, tag.
TEST(Seal, IsTheStandardsCipher) {
    const auto bytes = [](std::string_view hex) {
        std::string out;
        for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
            out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
        return out;
    };
    EXPECT_EQ(
        unseal(bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
               bytes("cafebabefacedbaddecaf888"
                     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1"
                     "056828838"
                     "c5f61e6393ba7a0abcc9f662"
                     "76fc6ece0f4e1768cddf8853bb2d551b"),
               bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")),
        bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
            "b16aedf5aa0de657ba637b39"));
}

TEST(Seal, WantsAKeyOfItsSize) {
    EXPECT_THROW(seal("short", "text", ""), std::runtime_error);
}

}  // namespace
}  // namespace pagehaul
