#include "core/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>

namespace pagehaul {
namespace {

constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher cipher_for(std::string_view key) {
    if (key.size() != seal_key_size) throw std::runtime_error("a key to seal with has 32 bytes");
    Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    if (cipher == nullptr) throw std::runtime_error("AES-256-GCM is not available from OpenSSL");
    return cipher;
}

void need(int done) {
    if (done != 1) throw std::runtime_error("AES-256-GCM is not available from OpenSSL");
}

}  // namespace

std::string seal(std::string_view key, std::string_view text, std::string_view belongs_to) {
    const Cipher cipher = cipher_for(key);
    std::string nonce(nonce_size, '\0');
    need(RAND_bytes(bytes_of(nonce), static_cast<int>(nonce.size())));
    need(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)));
    int size = 0;
    need(EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(belongs_to),
                           static_cast<int>(belongs_to.size())));
    std::string hidden(text.size() + nonce_size, '\0');
    need(EVP_EncryptUpdate(cipher.get(), bytes_of(hidden), &size, bytes_of(text),
                           static_cast<int>(text.size())));
    int rest = 0;
    need(EVP_EncryptFinal_ex(cipher.get(), bytes_of(hidden) + size, &rest));
    hidden.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
    std::string tag(tag_size, '\0');
    need(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size), tag.data()));
    return nonce + hidden + tag;
}

std::optional<std::string> unseal(std::string_view key, std::string_view sealed,
                                  std::string_view belongs_to) {
    if (sealed.size() < nonce_size + tag_size) return std::nullopt;
    const Cipher cipher = cipher_for(key);
    std::string tag(sealed.substr(sealed.size() - tag_size));
    const std::string_view hidden = sealed.substr(nonce_size, sealed.size() - nonce_size - tag_size);
    need(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(sealed)));
    int size = 0;
    need(EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(belongs_to),
                           static_cast<int>(belongs_to.size())));
    std::string text(hidden.size() + nonce_size, '\0');
    need(EVP_DecryptUpdate(cipher.get(), bytes_of(text), &size, bytes_of(hidden),
                           static_cast<int>(hidden.size())));
    need(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data()));
    int rest = 0;
    if (EVP_DecryptFinal_ex(cipher.get(), bytes_of(text) + size, &rest) != 1) return std::nullopt;
    text.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
    return text;
}

}  // namespace pagehaul
