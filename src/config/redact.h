#pragma once

#include <bitset>
#include <cstdint>
#include <limits>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pagehaul::config {

struct Unescaped;

/// Knows every secret that the process has had and replaces it in any text by `***`, however it is spelt: as
/// it is, escaped for JSON, a URL, a form or HTML, fully or in parts and in up to kLayers layers, or as
/// base64 (also url-safe), alone or amid other bytes; also a beginning before "...", where others have cut.
/// Whatever leaves the process passes it last, before it is cut or stored. Values shorter than kMinSecret
/// bytes are not looked for: they would eat ordinary text, and a secret that short protects nothing.
/// Thread-safe; lives as long as the log does.
class Redactor {
  public:
    static constexpr std::size_t kMinSecret = 4;
    static constexpr int kLayers = 3;

    /// A newer value of a secret is added like any other: the old one stays known.
    void add(std::string_view secret);

    /// At most the first `bytes` of `text`, cut between characters. What is cut is the original: a secret
    /// across the cut is seen whole, and of a long text no more is looked at than that needs.
    std::string redact(std::string_view text, std::size_t bytes = std::string_view::npos) const;

  private:
    /// What is looked for. Of base64 amid other bytes the edges hold bits of both neighbours: they are not
    /// compared, and taken out all the same.
    struct Form {
        std::string text;
        std::size_t before = 0;
        std::size_t behind = 0;
    };
    struct Hit {
        std::size_t begin;
        std::size_t end;
    };

    void add_form(Form form);
    void add_base64(std::string_view secret, std::string_view last_two);
    std::vector<Hit> find(std::string_view stretch) const;
    void find_behind(const Unescaped& view, int layer, std::vector<Hit>& hits) const;
    void find_in(const Unescaped& view, std::vector<Hit>& hits) const;

    mutable std::shared_mutex mutex_;
    // Protected by mutex_:
    std::unordered_map<std::uint16_t, std::vector<Form>> forms_;  ///< by their first two bytes
    std::bitset<std::numeric_limits<std::uint16_t>::max() + 1> begins_;
    std::size_t longest_ = 0;
    int own_layers_ = 0;       ///< the most that a secret has itself, by looking like escapes
    bool any_begins_ = false;  ///< a secret holds what an escape begins with
};

/// The one of this process: it outlives every thread.
Redactor& process_redactor();

}  // namespace pagehaul::config
