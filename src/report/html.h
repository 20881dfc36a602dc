#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pagehaul::report {

/// Words of this program's source. Only the compiler makes one: nothing from outside can be a Literal.
struct Literal {
    consteval Literal(const char* words) : text(words) {}
    std::string_view text;
};

/// A piece of a page. A text becomes one by itself and is escaped as it does, so that it cannot be forgotten;
/// markup comes from the functions below.
class Html {
  public:
    Html() = default;
    /// Safe between tags and in quoted attributes. Control characters, which HTML cannot hold, become U+FFFD.
    template <std::convertible_to<std::string_view> Text>
    Html(const Text& text) : source_(escaped(text)) {}

    Html& operator+=(const Html& more) {
        source_ += more.source_;
        return *this;
    }
    friend Html operator+(Html left, const Html& right) {
        left += right;
        return left;
    }

    bool empty() const { return source_.empty(); }
    const std::string& source() const { return source_; }

  private:
    friend Html verbatim(Literal markup);
    static std::string escaped(std::string_view text);

    std::string source_;
};

/// Left out where its value is empty, or it is not set.
struct Attribute {
    Attribute(Literal its_name, std::string_view its_value)
        : name(its_name), value(its_value), is_set(!its_value.empty()) {}
    Attribute(Literal its_name, std::same_as<bool> auto set) : name(its_name), is_set(set) {}

    Literal name;
    std::string_view value;
    bool is_set;
};
using Attributes = std::initializer_list<Attribute>;

/// <td class="word">content</td>
Html element(Literal tag, Attributes attributes, const Html& content);
Html element(Literal tag, const Html& content);
/// HTML's that hold nothing: <meta charset="utf-8">
Html void_element(Literal tag, Attributes attributes = {});
/// SVG's that hold nothing: <rect width="8"/>
Html shape(Literal tag, Attributes attributes);
/// Markup as it stands in the source.
Html verbatim(Literal markup);

}  // namespace pagehaul::report
