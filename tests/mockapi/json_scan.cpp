#include "json_scan.h"

#include <array>
#include <cctype>
#include <cstdint>

namespace mockapi {
namespace {

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool document(std::vector<JsonScalar>& out) {
        out_ = &out;
        return value("", 0) && (skip_space(), at_ == text_.size());
    }

  private:
    static constexpr int kMaxDepth = 64;

    bool value(const std::string& pointer, int depth) {
        skip_space();
        if (at_ == text_.size() || depth > kMaxDepth) return false;
        if (text_[at_] == '{') return members(pointer, depth, '}');
        if (text_[at_] == '[') return members(pointer, depth, ']');
        if (text_[at_] == '"') {
            std::string text;
            if (!string(text)) return false;
            out_->push_back({pointer, std::move(text), true});
            return true;
        }
        const auto start = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      std::string_view("+-.").find(text_[at_]) != std::string_view::npos)) {
            ++at_;
        }
        if (at_ == start) return false;
        out_->push_back({pointer, std::string(text_.substr(start, at_ - start)), false});
        return true;
    }

    bool members(const std::string& pointer, int depth, char close) {
        ++at_;
        skip_space();
        if (take(close)) return true;
        for (std::size_t i = 0;; ++i) {
            std::string name = std::to_string(i);
            skip_space();
            if (close == '}') {
                name.clear();
                if (!string(name)) return false;
                skip_space();
                if (!take(':')) return false;
            }
            if (!value(pointer + "/" + name, depth + 1)) return false;
            skip_space();
            if (take(close)) return true;
            if (!take(',')) return false;
        }
    }

    bool string(std::string& out) {
        if (!take('"')) return false;
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '"') return true;
            if (c != '\\') {
                out += c;
                continue;
            }
            if (at_ == text_.size()) return false;
            escape(text_[at_++], out);
        }
        return false;
    }

    /// Parameters are plain ASCII: an escape beyond it is kept as it was written.
    void escape(char c, std::string& out) {
        constexpr std::string_view from = "nrtbf";
        constexpr std::string_view to = "\n\r\t\b\f";
        if (const auto i = from.find(c); i != std::string_view::npos)
            out += to[i];
        else if (c == 'u')
            out += "\\u";
        else
            out += c;
    }

    bool take(char c) {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void skip_space() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<JsonScalar>* out_ = nullptr;
};

}  // namespace

std::optional<std::vector<JsonScalar>> scan_json(std::string_view text) {
    std::vector<JsonScalar> scalars;
    if (!Scanner(text).document(scalars)) return std::nullopt;
    return scalars;
}

}  // namespace mockapi
