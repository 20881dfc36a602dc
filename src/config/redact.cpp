#include "config/redact.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "config/spellings.h"
#include "core/utf8.h"

namespace pagehaul::config {
namespace {

/// Memory for the work on one text does not grow with it.
constexpr std::size_t kPiece = 64UL << 10U;
/// What a byte of a secret may take: `\u003d`, each byte of it as `\u0075`, and each of those again.
constexpr std::size_t kLongestSpelling = 216;
/// And in a secret so long that this would cost memory: each of three of `%3d` as `\u0033`.
constexpr std::size_t kLongSpelling = 18;
constexpr std::size_t kUsualReach = 1UL << 20U;
/// A shorter beginning is not told from other text, and of little use.
constexpr std::size_t kLeastOfACutOne = 16;

/// A form writes a blank as '+', which stays a '+' where percents are undone.
void fold(std::string& text) {
    std::replace(text.begin(), text.end(), '+', ' ');
}

std::uint16_t first_two(std::string_view text, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(text[at]) << 8U |
                                      static_cast<unsigned char>(text[at + 1]));
}

bool is_base64(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view(" /-_").find(c) != std::string_view::npos;
}

std::size_t common_beginning(std::string_view a, std::string_view b) {
    const auto [end, ignored] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return static_cast<std::size_t>(end - a.begin());
}

/// A beginning that others have cut before they told us, as PostgreSQL does with the values of a failing row.
bool is_cut_by_others(std::string_view text, std::size_t size) {
    const std::string_view behind = text.substr(size);
    return size >= kLeastOfACutOne && (behind.starts_with("...") || behind.starts_with("…"));
}

}  // namespace

void Redactor::add_form(Form form) {
    fold(form.text);
    if (form.text.size() < kMinSecret) return;
    std::vector<Form>& alike = forms_[first_two(form.text, 0)];
    const bool known = std::any_of(alike.begin(), alike.end(), [&](const Form& other) {
        return other.text == form.text && other.before == form.before && other.behind == form.behind;
    });
    if (known) return;
    begins_.set(first_two(form.text, 0));
    longest_ = std::max(longest_, form.text.size() + form.before + form.behind);
    alike.push_back(std::move(form));
}

/// Three bytes are four characters: what a secret becomes depends on how many bytes are before it.
void Redactor::add_base64(std::string_view secret, std::string_view last_two) {
    std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    alphabet += last_two;
    for (std::size_t before = 0; before < 3; ++before) {
        std::string out;
        std::uint32_t bits = 0;
        unsigned count = static_cast<unsigned>(before) * 8 % 6;
        for (const char c : secret) {
            bits = (bits << 8U) | static_cast<unsigned char>(c);
            count += 8;
            while (count >= 6) {
                count -= 6;
                out += alphabet[(bits >> count) & 63U];
            }
        }
        if (before > 0) out.erase(0, 1);
        add_form({.text = std::move(out), .before = before > 0 ? 1U : 0U, .behind = count > 0 ? 1U : 0U});
    }
}

void Redactor::add(std::string_view secret) {
    if (secret.size() < kMinSecret) return;
    const std::unique_lock lock(mutex_);
    add_base64(secret, "+/");
    add_base64(secret, "-_");
    any_begins_ = any_begins_ || secret.find_first_of(kEscapes) != std::string_view::npos;
    // Also as it is when what looks like an escape in it was undone along with those around it.
    Unescaped spelt(secret);
    add_form({.text = spelt.text});
    for (int layer = 1; layer <= kLayers && spelt.undo_layer(); ++layer) {
        own_layers_ = std::max(own_layers_, layer);
        add_form({.text = spelt.text});
    }
}

void Redactor::find_in(const Unescaped& view, std::vector<Hit>& hits) const {
    std::string text = view.text;
    fold(text);
    const auto hide = [&](std::size_t begin, std::size_t end) {
        const Hit hit{view.from[begin], view.end_in_original(end)};
        // A secret of one repeated letter is found at every place of a text of it.
        if (!hits.empty() && hit.begin >= hits.back().begin && hit.begin <= hits.back().end)
            hits.back().end = std::max(hits.back().end, hit.end);
        else
            hits.push_back(hit);
    };
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        if (!begins_[first_two(text, at)]) continue;
        for (const Form& form : forms_.at(first_two(text, at))) {
            const std::size_t size = common_beginning(form.text, std::string_view(text).substr(at));
            if (size < form.text.size()) {
                if (is_cut_by_others(std::string_view(text).substr(at), size)) hide(at, at + size);
                continue;
            }
            const bool more = form.before > 0 && at > 0 && is_base64(text[at - 1]);
            std::size_t end = at + size;
            if (form.behind > 0 && end < text.size() && is_base64(text[end])) ++end;
            hide(more ? at - 1 : at, end);
        }
    }
}

/// A backslash of a secret that one layer spelt `&#x5c;` and that stands before another's `\u003d` makes with
/// it an escape that nobody wrote, where both layers are undone at once: for such secrets each kind is also
/// undone alone, in every order. A text with escapes of one kind, as nearly all, is looked at once a layer.
void Redactor::find_behind(const Unescaped& view, int layer, std::vector<Hit>& hits) const {
    find_in(view, hits);
    // A part of a secret may be undone with the first layer around it and another with the last: all of it is
    // only behind its own.
    if (layer == kLayers + own_layers_) return;
    std::vector<Unescaped> behind;
    for (std::size_t kind = 0; any_begins_ && layer < kLayers && kind < kEscapes.size(); ++kind) {
        Unescaped next = view;
        if (next.undo_layer(kEscapes.substr(kind, 1))) behind.push_back(std::move(next));
    }
    if (behind.size() != 1) {
        Unescaped next = view;
        if (next.undo_layer()) behind.push_back(std::move(next));
    }
    for (const Unescaped& next : behind)
        find_behind(next, layer + 1, hits);
}

std::vector<Redactor::Hit> Redactor::find(std::string_view stretch) const {
    std::vector<Hit> hits;
    find_behind(Unescaped(stretch), 0, hits);
    return hits;
}

std::string Redactor::redact(std::string_view text, std::size_t bytes) const {
    const std::size_t kept = utf8_prefix(text, bytes).size();
    std::vector<Hit> hits;
    {
        const std::shared_lock lock(mutex_);
        const std::size_t reach =
            std::max(std::min(longest_ * kLongestSpelling, kUsualReach), longest_ * kLongSpelling);
        const std::size_t piece = std::max(kPiece, reach);
        for (std::size_t begin = 0; longest_ > 0 && begin < kept; begin += piece) {
            const std::size_t own = std::min(piece, kept - begin);
            for (const Hit& hit : find(text.substr(begin, own + reach)))
                if (hit.begin < own) hits.push_back({begin + hit.begin, begin + hit.end});
        }
    }
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.begin < b.begin; });
    std::string out;
    std::size_t end = 0;
    bool hidden = false;
    for (const Hit& hit : hits) {
        // Hits that overlap or touch are one: nothing of either may remain.
        if (!hidden || hit.begin > end) {
            out += text.substr(end, hit.begin - end);
            out += "***";
        }
        end = std::max(end, hit.end);
        hidden = true;
    }
    if (end < kept) out += text.substr(end, kept - end);
    return out;
}

Redactor& process_redactor() {
    static Redactor* const the_redactor = std::make_unique<Redactor>().release();
    return *the_redactor;
}

}  // namespace pagehaul::config
