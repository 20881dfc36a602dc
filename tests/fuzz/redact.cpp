// Redaction: line 1 a secret, line 2 how it is spelt, line 3 and 4 what stands before and behind it. The text
// is what real encoders make of all three, in up to three layers; no spelling of the secret may be left in
// what redact() returns.

#include "config/redact.h"

#include <cctype>
#include <string>

#include "config/spellings.h"
#include "core/utf8.h"
#include "http/authorize.h"
#include "property.h"

using namespace pagehaul;
using fuzz::contains;
using fuzz::must;

namespace {

/// The bytes of line 2, round and round: each decides one thing. An encoder writes a character the same way
/// wherever it stands, and no letters and digits unless it writes everything as escapes.
class Recipe {
  public:
    explicit Recipe(std::string_view bytes) : bytes_(bytes.empty() ? "0" : bytes) {}
    unsigned next() { return static_cast<unsigned char>(bytes_[at_++ % bytes_.size()]); }
    void begin_layer() { all_ = next() % 4 == 0; }
    /// 0: surely escaped; the last one: as it is, if it may be.
    unsigned of(std::string_view character, unsigned choices) const {
        const auto byte = static_cast<unsigned char>(character.back());
        if (all_) return 0;
        if (character.size() == 1 && std::isalnum(byte) != 0) return choices - 1;
        return (static_cast<unsigned char>(bytes_[(at_ + byte) % bytes_.size()]) / 4U + byte) % choices;
    }

  private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool all_ = false;
};

void append_hex(std::string& out, const char* format, unsigned value) {
    char text[16];
    std::snprintf(text, sizeof text, format, value);
    out += text;
}

/// What JSON must escape always is, the rest where the recipe says so.
void append_json(std::string& out, std::string_view character, const Recipe& recipe) {
    const char c = character.front();
    const bool must_be = c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
    const unsigned choice = recipe.of(character, 4);
    if (!must_be && choice > 1) {
        out += character;
    } else if ((must_be && choice > 1 && static_cast<unsigned char>(c) >= 0x20) ||
               (c == '/' && choice == 1)) {
        (out += '\\') += c;
    } else {
        const std::uint32_t code = utf8_code(character);
        const char* const format = choice == 0 ? "\\u%04x" : "\\u%04X";
        if (code >= 0x10000) append_hex(out, format, 0xD800 + ((code - 0x10000) >> 10U));
        append_hex(out, format, code < 0x10000 ? code : 0xDC00 + ((code - 0x10000) & 0x3FFU));
    }
}

void append_percent(std::string& out, std::string_view character, const Recipe& recipe, bool form) {
    const char c = character.front();
    const unsigned choice = recipe.of(character, 3);
    if (form && c == ' ' && choice != 0) {
        out += '+';
        return;
    }
    const bool must_be = c == '%' || c == '+' || c == '\\' || c == '&' || character.size() > 1;
    if (!must_be && choice != 0) {
        out += character;
        return;
    }
    for (const char byte : character)
        append_hex(out, choice == 1 ? "%%%02x" : "%%%02X", static_cast<unsigned char>(byte));
}

void append_html(std::string& out, std::string_view character, const Recipe& recipe) {
    const unsigned choice = recipe.of(character, 4);
    if (character == "&" && choice > 1) {
        out += "&amp;";
    } else if (character == "&" || choice == 0) {
        append_hex(out, choice == 0 ? "&#x%x;" : "&#%u;", utf8_code(character));
    } else {
        out += character;
    }
}

std::string encoded(std::string_view text, Recipe& recipe) {
    const unsigned kind = recipe.next() % 4;
    recipe.begin_layer();
    std::string out;
    while (!text.empty()) {
        const std::string_view character = text.substr(0, utf8_character(text, 0));
        if (kind == 0) append_json(out, character, recipe);
        if (kind == 1 || kind == 2) append_percent(out, character, recipe, kind == 2);
        if (kind == 3) append_html(out, character, recipe);
        text.remove_prefix(character.size());
    }
    return out;
}

bool holds(const std::string& text, const std::string& secret) {
    config::Unescaped view(text);
    for (int layer = 0; layer <= config::Redactor::kLayers; ++layer) {
        if (layer > 0 && !view.undo_layer()) return false;
        if (contains(view.text, secret)) return true;
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text_of(data, size);
    fuzz::Parts parts(input);
    const std::string secret(parts.line().substr(0, 64));
    const std::string_view bytes = parts.line();
    const std::string before(parts.line().substr(0, 200));
    const std::string behind(parts.line().substr(0, 200));
    config::Redactor redactor;
    redactor.add(secret);
    static_cast<void>(redactor.redact(input));  // whatever it holds
    const std::size_t cut = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
    must(redactor.redact(input, cut).size() <= 3 * cut + 3, "no more is kept than was asked for");

    if (secret.size() < config::Redactor::kMinSecret || contains(secret, "*")) return 0;
    for (const std::string& part : {secret, before, behind})
        if (utf8_first_bad(part) != std::string_view::npos) return 0;
    // What looks like escapes and means less than that is not looked for either; and of what looks like
    // escapes of escapes of escapes, a row of backslashes say, not everything is promised.
    config::Unescaped meant(secret);
    int own_layers = 0;
    while (meant.undo_layer())
        ++own_layers;
    if (meant.text.size() < config::Redactor::kMinSecret || own_layers > 2) return 0;
    // What begins an escape in front of the secret may take a part of it along; and the secret may be there
    // too.
    if ((before + behind).find_first_of("\\%&") != std::string::npos || holds(before + behind, secret))
        return 0;

    Recipe recipe(bytes);
    // And what begins an escape at its end may take a part of what follows along.
    const bool is_open = secret.find_last_of("\\%&") != std::string::npos;
    std::string text = before + secret + (is_open ? " " : "") + behind;
    const unsigned layers = recipe.next() % (config::Redactor::kLayers + 1);
    for (unsigned i = 0; i < layers; ++i)
        text = encoded(text, recipe);
    const std::string out = redactor.redact(text);
    must(contains(out, "***"), "a spelling of the secret is seen", text);
    must(!holds(out, secret), "no spelling of the secret is left", out);

    const std::string basic = http::basic_credentials(before, secret);
    const std::string hidden = redactor.redact(basic);
    must(contains(hidden, "***"), "the secret is seen in base64", basic);
    return 0;
}
