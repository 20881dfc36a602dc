#pragma once

#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pagehaul::config {

/// Knows every secret of the process and replaces it in any text by `***`: as it is, percent-encoded, base64
/// (also url-safe, with and without padding) and JSON-escaped. Values shorter than kMinSecret bytes are not
/// looked for: they would eat ordinary text, and a secret that short protects nothing. Thread-safe; lives as
/// long as the log does.
class Redactor {
  public:
    static constexpr std::size_t kMinSecret = 4;

    void add(std::string_view secret);
    std::string redact(std::string_view text) const;

  private:
    void add_form(std::string form);

    mutable std::shared_mutex mutex_;
    std::vector<std::string> forms_;  // protected by mutex_
};

}  // namespace pagehaul::config
