#include "source/condition.h"

#include <algorithm>
#include <cstdlib>

#include "core/ascii.h"
#include "log/log.h"
#include "record/numeric_text.h"

namespace pagehaul::source {
namespace {

using record::Scalar;

std::string shown(const config::SliceValue& value) {
    return value.is_number ? "the number " + value.text : "\"" + value.text + "\"";
}

bool same_number(const std::string& a, const std::string& b) {
    // 0, 0.0 and 0e0 are one number. Long double holds every 64-bit code exactly.
    return a == b || std::strtold(a.c_str(), nullptr) == std::strtold(b.c_str(), nullptr);
}

}  // namespace

std::string shown(const Scalar& scalar) {
    switch (scalar.type) {
        case Scalar::Type::missing:
            return "missing";
        case Scalar::Type::null:
            return "null";
        case Scalar::Type::boolean:
            return scalar.text;
        case Scalar::Type::number:
            return "the number " + log::excerpt(scalar.text, shown_text);
        case Scalar::Type::string:
            return "the string \"" + log::excerpt(scalar.text, shown_text) + "\"";
        case Scalar::Type::container:
            return "an object or array";
    }
    return "unknown";
}

bool equal(const Scalar& scalar, const config::SliceValue& operand) {
    if (operand.is_number)
        return scalar.type == Scalar::Type::number && same_number(scalar.text, operand.text);
    const bool comparable = scalar.type == Scalar::Type::string || scalar.type == Scalar::Type::boolean;
    return comparable && scalar.text == operand.text;
}

std::size_t Pointers::add(const std::string& pointer) {
    const auto found = std::find(all_.begin(), all_.end(), pointer);
    if (found != all_.end()) return static_cast<std::size_t>(found - all_.begin());
    all_.push_back(pointer);
    return all_.size() - 1;
}

Place::Place(const std::optional<std::string>& pointer, const std::optional<std::string>& header,
             Pointers& pointers) {
    if (pointer) {
        pointer_ = pointers.add(*pointer);
        name_ = *pointer;
    } else {
        header_ = lower(header.value_or(""));
        name_ = "the header " + header.value_or("");
    }
}

Scalar Place::look(const Answered& answered) const {
    if (pointer_) return answered.page == nullptr ? Scalar{} : answered.page->envelope.at(*pointer_);
    const auto& headers = answered.response.headers;
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& header) { return header.first == header_; });
    if (found == headers.end()) return {};
    return {.type = Scalar::Type::string, .text = found->second};
}

Condition::Condition(const config::Condition& written, Pointers& pointers) : written_(written) {
    if (written.pointer || written.header) place_.emplace(written.pointer, written.header, pointers);
    if (!written.matches) return;
    auto pattern = Pattern::compile(*written.matches);
    if (!pattern) throw Failure(std::move(pattern.error()));
    matches_ = std::move(*pattern);
}

bool Condition::holds(const Answered& answered) const {
    const int status = answered.response.status;
    if (!written_.status.empty() &&
        std::none_of(written_.status.begin(), written_.status.end(),
                     [&](const auto& range) { return status >= range.least && status <= range.most; }))
        return false;
    if (written_.text && answered.response.body.view().find(*written_.text) == std::string_view::npos)
        return false;
    if (!place_) return true;
    if (!place_->is_header() && answered.page == nullptr) return false;
    return holds_at_place(place_->look(answered));
}

bool Condition::holds_at_place(const Scalar& scalar) const {
    const auto is = [&](const config::SliceValue& operand) {
        if (!place_->is_header() || scalar.type != Scalar::Type::string) return equal(scalar, operand);
        if (scalar.text == operand.text) return true;
        return operand.is_number && record::read_numeric(scalar.text).valid &&
               same_number(scalar.text, operand.text);
    };
    if (written_.absent) return scalar.type == Scalar::Type::missing;
    if (written_.null) return scalar.type == Scalar::Type::null;
    if (written_.equals) return is(*written_.equals);
    if (written_.contains)
        return scalar.type == Scalar::Type::string &&
               scalar.text.find(*written_.contains) != std::string::npos;
    if (matches_) {
        const bool has_text = scalar.type == Scalar::Type::string || scalar.type == Scalar::Type::number ||
                              scalar.type == Scalar::Type::boolean;
        return has_text && matches_->found_in(scalar.text);
    }
    return std::any_of(written_.in.begin(), written_.in.end(), is);
}

std::string Condition::seen(const Answered& answered) const {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (place_) add(place_->name() + " is " + shown(place_->look(answered)));
    if (written_.text) {
        const bool holds = answered.response.body.view().find(*written_.text) != std::string_view::npos;
        add(std::string("the body ") + (holds ? "holds" : "does not hold") + " \"" +
            log::excerpt(*written_.text, shown_text) + "\"");
    }
    return text;
}

std::string Condition::wanted() const {
    if (written_.absent) return "nothing there";
    if (written_.null) return "null";
    if (written_.equals) return shown(*written_.equals);
    if (written_.contains) return "a string with \"" + *written_.contains + "\"";
    if (written_.matches) return "a match of " + *written_.matches;
    if (!written_.in.empty()) {
        std::string all;
        for (const auto& value : written_.in)
            all += (all.empty() ? "" : " or ") + shown(value);
        return all;
    }
    return written_.text ? "it to" : "another HTTP status";
}

std::vector<Condition> compiled(const config::Conditions& written, Pointers& pointers) {
    std::vector<Condition> out;
    out.reserve(written.size());
    for (const config::Condition& condition : written)
        out.emplace_back(condition, pointers);
    return out;
}

}  // namespace pagehaul::source
