#include "source/auth/jwt.h"

#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <chrono>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/base64.h"

namespace pagehaul::source {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key read_key(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    return {PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
}

bool fits(EVP_PKEY* key, config::JwtAlgorithm algorithm) {
    if (algorithm == config::JwtAlgorithm::rs256) return EVP_PKEY_base_id(key) == EVP_PKEY_RSA;
    return EVP_PKEY_base_id(key) == EVP_PKEY_EC && EVP_PKEY_bits(key) == 256;
}

/// OpenSSL's is ASN.1, a JWT's two numbers of 32 bytes (RFC 7518, 3.4).
std::optional<std::string> as_two_numbers(const std::string& asn1) {
    constexpr int number = 32;
    const auto* at = reinterpret_cast<const unsigned char*>(asn1.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(asn1.size())), ECDSA_SIG_free);
    if (signature == nullptr) return std::nullopt;
    std::string out(2 * number, '\0');
    auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
    if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes, number) != number ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes + number, number) != number)
        return std::nullopt;
    return out;
}

std::optional<std::string> signature_of(EVP_PKEY* key, config::JwtAlgorithm algorithm,
                                        std::string_view text) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
        return std::nullopt;
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                       text.size()) != 1)
        return std::nullopt;
    out.resize(size);
    return algorithm == config::JwtAlgorithm::rs256 ? std::optional(out) : as_two_numbers(out);
}

std::string part(const nlohmann::ordered_json& json) {
    return base64_url(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

Result<std::string> signed_assertion(const config::JwtBearer& jwt, std::string_view token_url, WallTime now,
                                     std::string_view id) {
    const bool is_rsa = jwt.algorithm == config::JwtAlgorithm::rs256;
    const Key key = read_key(jwt.key.value);
    if (key == nullptr || !fits(key.get(), jwt.algorithm))
        return fail(ErrorKind::config, "source.auth.jwt.key",
                    is_rsa ? "expected an RSA key, unencrypted, for RS256"
                           : "expected a key of the curve P-256, unencrypted, for ES256");
    nlohmann::ordered_json header{{"alg", is_rsa ? "RS256" : "ES256"}, {"typ", "JWT"}};
    if (jwt.key_id) header["kid"] = *jwt.key_id;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    nlohmann::ordered_json claims{{"iss", jwt.issuer}};
    if (jwt.subject) claims["sub"] = *jwt.subject;
    claims["aud"] = jwt.audience.value_or(std::string(token_url));
    claims["iat"] = seconds;
    claims["exp"] = seconds + std::chrono::duration_cast<std::chrono::seconds>(jwt.lifetime).count();
    claims["jti"] = id;
    for (const auto& [name, value] : jwt.claims)
        claims[name] = value;
    const std::string text = part(header) + "." + part(claims);
    const auto signature = signature_of(key.get(), jwt.algorithm, text);
    if (!signature) return fail(ErrorKind::config, "source.auth.jwt.key", "OpenSSL cannot sign with it");
    return text + "." + base64_url(*signature);
}

}  // namespace pagehaul::source
