#include "config/redact.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace pagehaul::config {
namespace {

enum class Space { percent, plus };

std::string percent_encode(std::string_view text, std::string_view digits, Space space) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
            out += c;
        } else if (c == ' ' && space == Space::plus) {
            out += '+';
        } else {
            out += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return out;
}

// Without padding: the padded form contains it.
std::string base64(std::string_view text, std::string_view last_two) {
    std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    alphabet += last_two;
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        bits = (bits << 8U) | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += alphabet[(bits >> count) & 63U];
        }
    }
    if (count > 0) out += alphabet[(bits << (6 - count)) & 63U];
    return out;
}

}  // namespace

void Redactor::add_form(std::string form) {
    if (std::find(forms_.begin(), forms_.end(), form) == forms_.end()) forms_.push_back(std::move(form));
}

void Redactor::add(std::string_view secret) {
    if (secret.size() < kMinSecret) return;
    const std::unique_lock lock(mutex_);
    add_form(std::string(secret));
    for (const std::string_view digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
        add_form(percent_encode(secret, digits, Space::percent));
        add_form(percent_encode(secret, digits, Space::plus));
    }
    add_form(base64(secret, "+/"));
    add_form(base64(secret, "-_"));
    const std::string json =
        nlohmann::json(secret).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    add_form(json.substr(1, json.size() - 2));
}

std::string Redactor::redact(std::string_view text) const {
    std::vector<std::pair<std::size_t, std::size_t>> hits;  // begin, end
    {
        const std::shared_lock lock(mutex_);
        for (const auto& form : forms_) {
            for (std::size_t at = text.find(form); at != std::string_view::npos;
                 at = text.find(form, at + 1)) {
                hits.emplace_back(at, at + form.size());
            }
        }
    }
    if (hits.empty()) return std::string(text);
    std::sort(hits.begin(), hits.end());
    std::string out;
    std::size_t end = 0;
    for (const auto& [begin, hit_end] : hits) {
        // Overlapping hits are one: nothing of either may remain.
        if (begin >= end) {
            out += text.substr(end, begin - end);
            out += "***";
        }
        end = std::max(end, hit_end);
    }
    out += text.substr(end);
    return out;
}

}  // namespace pagehaul::config
