#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pagehaul {

/// Bytes of the keys that seal() takes.
constexpr std::size_t seal_key_size = 32;

/// Encrypts by AES-256-GCM under a nonce of its own: nonce, ciphertext, tag. Only who has the key can open
/// it, and only as what belongs to `belongs_to`. Throws std::runtime_error for a key of another size, or
/// without OpenSSL's help.
std::string seal(std::string_view key, std::string_view text, std::string_view belongs_to);
/// Nothing, if it was sealed otherwise or is not what was sealed.
std::optional<std::string> unseal(std::string_view key, std::string_view sealed, std::string_view belongs_to);

}  // namespace pagehaul
