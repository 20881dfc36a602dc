#include "source/auth/jwt.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include <nlohmann/json.hpp>

#include "core/base64.h"

namespace pagehaul::source {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;

Key rsa() {
    static const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
    return key;
}
Key p256() {
    static const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    return key;
}

std::string pem(const Key& key) {
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
}

std::string decoded(std::string text) {
    for (char& c : text)
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0)
        text += '=';
    return from_base64(text).value_or("");
}

std::vector<std::string> parts_of(const std::string& jwt) {
    const auto one = jwt.find('.');
    const auto two = jwt.rfind('.');
    return {jwt.substr(0, one), jwt.substr(one + 1, two - one - 1), jwt.substr(two + 1)};
}

bool verifies(const Key& key, const std::string& text, const std::string& signature) {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key.get());
    const int good =
        EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return good == 1;
}

/// A JWT's signature of two numbers as OpenSSL wants it.
std::string as_asn1(const std::string& numbers) {
    ECDSA_SIG* const signature = ECDSA_SIG_new();
    const auto* const bytes = reinterpret_cast<const unsigned char*>(numbers.data());
    ECDSA_SIG_set0(signature, BN_bin2bn(bytes, 32, nullptr), BN_bin2bn(bytes + 32, 32, nullptr));
    unsigned char* out = nullptr;
    const int size = i2d_ECDSA_SIG(signature, &out);
    std::string text(reinterpret_cast<char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    ECDSA_SIG_free(signature);
    return text;
}

config::JwtBearer with(const Key& key, config::JwtAlgorithm algorithm) {
    config::JwtBearer out;
    out.key = {pem(key), "${file:/run/key.pem}"};
    out.algorithm = algorithm;
    out.issuer = "puller@project.example.com";
    return out;
}

const WallTime kNow{std::chrono::seconds(1'328'550'785)};
constexpr const char* kUrl = "https://oauth2.example.com/token";

TEST(Assertion, HoldsTheClaimsOfTheStandard) {  // RFC 7523, 3
    config::JwtBearer jwt = with(rsa(), config::JwtAlgorithm::rs256);
    jwt.key_id = "k1";
    jwt.subject = "someone@example.com";
    jwt.claims = {{"scope", "https://www.example.com/auth/analytics.readonly"}};
    const auto parts = parts_of(*signed_assertion(jwt, kUrl, kNow, "an-id"));
    EXPECT_EQ(decoded(parts[0]), R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
    EXPECT_EQ(nlohmann::json::parse(decoded(parts[1])),
              nlohmann::json({{"iss", "puller@project.example.com"},
                              {"sub", "someone@example.com"},
                              {"aud", kUrl},
                              {"iat", 1'328'550'785},
                              {"exp", 1'328'550'785 + 300},
                              {"jti", "an-id"},
                              {"scope", "https://www.example.com/auth/analytics.readonly"}}));
}

TEST(Assertion, IsVerifiedByTheKeysPublicHalf) {
    const auto rs = parts_of(*signed_assertion(with(rsa(), config::JwtAlgorithm::rs256), kUrl, kNow, "1"));
    EXPECT_TRUE(verifies(rsa(), rs[0] + "." + rs[1], decoded(rs[2])));
    EXPECT_FALSE(verifies(rsa(), rs[0] + "." + rs[1] + "x", decoded(rs[2])));
    const auto es = parts_of(*signed_assertion(with(p256(), config::JwtAlgorithm::es256), kUrl, kNow, "1"));
    ASSERT_EQ(decoded(es[2]).size(), 64U);
    EXPECT_TRUE(verifies(p256(), es[0] + "." + es[1], as_asn1(decoded(es[2]))));
}

TEST(Assertion, WantsAKeyOfItsAlgorithm) {
    for (const auto& jwt :
         {with(p256(), config::JwtAlgorithm::rs256), with(rsa(), config::JwtAlgorithm::es256)}) {
        const auto refused = signed_assertion(jwt, kUrl, kNow, "1");
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().kind, ErrorKind::config);
        EXPECT_EQ(refused.error().origin, "source.auth.jwt.key");
    }
    config::JwtBearer broken = with(rsa(), config::JwtAlgorithm::rs256);
    broken.key.value = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
    EXPECT_FALSE(signed_assertion(broken, kUrl, kNow, "1"));
}

}  // namespace
}  // namespace pagehaul::source
