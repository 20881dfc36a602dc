#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/pattern.h"
#include "http/transport.h"
#include "record/page.h"

namespace pagehaul::source {

/// An answer to look at.
struct Answered {
    const http::Response& response;
    const record::DecodedPage* page;  ///< null: its body is no whole JSON document
};

/// JSON pointers whose scalars the decoder reads, each once; DecodedPage::envelope has their order.
class Pointers {
  public:
    std::size_t add(const std::string& pointer);
    const std::vector<std::string>& all() const { return all_; }

  private:
    std::vector<std::string> all_;
};

/// A place of a response: a pointer into its body, or one of its headers.
class Place {
  public:
    Place(const std::optional<std::string>& pointer, const std::optional<std::string>& header,
          Pointers& pointers);
    /// What stands there; missing where the body is no JSON. A header is a string.
    record::Scalar look(const Answered& answered) const;
    bool is_header() const { return !pointer_; }
    /// "/a/pointer", "the header X-Total".
    const std::string& name() const { return name_; }

  private:
    std::optional<std::size_t> pointer_;
    std::string header_;  ///< in lower case
    std::string name_;
};

/// A condition of the config, compiled. Constant and thread-safe.
///
/// Operands compare by type: a number (10005) matches a number of equal value, text ("10005") a string, true
/// and false a boolean; 0 does not match "0". A header is text, which a number matches that it spells.
class Condition {
  public:
    Condition(const config::Condition& written, Pointers& pointers);
    /// Never where it speaks of a pointer and the body is no JSON: nobody knows then what is absent.
    bool holds(const Answered& answered) const;
    /// What it looked at, for people: "/code is the number 5".
    std::string seen(const Answered& answered) const;
    /// What it wants there: "the number 0".
    std::string wanted() const;

    const config::Condition& written() const { return written_; }
    const std::optional<Place>& place() const { return place_; }

  private:
    bool holds_at_place(const record::Scalar& scalar) const;

    config::Condition written_;
    std::optional<Place> place_;
    std::optional<Pattern> matches_;
};

std::vector<Condition> compiled(const config::Conditions& written, Pointers& pointers);

/// For messages: "the number 5", "null", "missing".
std::string shown(const record::Scalar& scalar);
bool equal(const record::Scalar& scalar, const config::SliceValue& operand);

/// The most of a text that messages show.
constexpr std::size_t shown_text = 200;

}  // namespace pagehaul::source
