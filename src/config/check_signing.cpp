#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "config/declaration.h"
#include "config/placeholders.h"
#include "core/ascii.h"
#include "core/join.h"

namespace pagehaul::config {
namespace {

using Path = std::vector<std::string>;

/// Of what a text may name beside values of steps.
const std::vector<std::string>& of_request() {
    static const std::vector<std::string> names{"request.method", "request.path", "request.query",
                                                "request.body",   "request.host", "request.content_type"};
    return names;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Follows the steps as they will be done: what each has to work on, and whether that is a text or bytes.
class Walk {
  public:
    Walk(const Node& node, Reader& reader, const Source& source)
        : node_(node), reader_(reader), source_(source) {}

    bool run(const SigningSteps& signing) {
        for (at_ = 0; at_ < signing.steps.size(); ++at_)
            std::visit([this](const auto& step) { take(step); }, signing.steps[at_]);
        if (!std::holds_alternative<SendStep>(signing.steps.back())) {
            at_ = signing.steps.size() - 1;
            refuse({}, "expected a step send behind it: what it makes is put nowhere");
        }
        return good_;
    }

  private:
    enum class Kind { nothing, text, bytes };

    void refuse(const Path& below, const std::string& text) {
        Path path{"signing", "steps", std::to_string(at_)};
        path.insert(path.end(), below.begin(), below.end());
        good_ = reader_.refuse_below(node_, path, text);
    }

    void make(const std::optional<std::string>& name, Kind kind) {
        value_ = kind;
        if (!name) return;
        if (named_.contains(*name)) refuse({"name"}, "duplicate name: another step has it");
        named_[*name] = kind;
    }

    void need_value() {
        if (value_ == Kind::nothing)
            refuse({}, "expected a step before it whose value it works on, such as parameters or text");
    }

    /// What a template makes.
    Kind names_in(const std::string& text, const Path& below) {
        Kind kind = Kind::text;
        for (const Placeholder& one : read_placeholders(text).value_or(std::vector<Placeholder>{})) {
            if (one.filter) {
                refuse(below, "expected no filter: a step timestamp has a format of its own");
                continue;
            }
            if (has(of_request(), one.name)) continue;
            const bool before = one.name == "value";
            if (before) need_value();
            const auto named = named_.find(one.name);
            if (!before && named == named_.end()) {
                std::vector<std::string> known{"value"};
                for (const auto& [name, its_kind] : named_)
                    known.push_back(name);
                known.insert(known.end(), of_request().begin(), of_request().end());
                // A placeholder out of an expanded secret is not shown.
                refuse(below, "a placeholder is not known here; expected one of: " + join(known, ", "));
                continue;
            }
            if ((before ? value_ : named->second) == Kind::bytes) kind = Kind::bytes;
        }
        return kind;
    }

    void take(const TimestampStep& step) { make(step.name, Kind::text); }
    void take(const NonceStep& step) { make(step.name, Kind::text); }
    void take(const ParametersStep& step) {
        for (std::size_t i = 0; i < step.from.size(); ++i) {
            if (step.from[i] == ParameterPlace::form && source_.request.form.empty())
                refuse({"from", std::to_string(i)},
                       "expected source.request.form, which they are collected in");
            if (step.from[i] == ParameterPlace::body && !body_is_object())
                refuse({"from", std::to_string(i)},
                       "expected source.request.body to be a mapping, whose members they are");
        }
        Kind kind = Kind::text;
        for (const auto& [name, value] : step.with)
            if (names_in(value.value, {"with", name}) == Kind::bytes) kind = Kind::bytes;
        for (const Placeholder& one : read_placeholders(step.pair).value_or(std::vector<Placeholder>{}))
            if (one.filter || (one.name != "name" && one.name != "value"))
                refuse({"pair"}, "expected {{ name }} and {{ value }} alone");
        make(step.name, kind);
    }
    void take(const TextStep& step) { make(step.name, names_in(step.text.value, {"text"})); }
    void take(const DigestStep& step) {
        need_value();
        make(step.name, Kind::bytes);
    }
    void take(const HmacStep& step) {
        need_value();
        names_in(step.key.value, {"key"});
        make(step.name, Kind::bytes);
    }
    void take(const EncodeStep& step) {
        need_value();
        make(step.name, Kind::text);
    }
    void take(const CaseStep& step) {
        need_value();
        if (value_ == Kind::bytes) refuse({}, "expected a step encode before it: bytes have no letters");
        make(step.name, Kind::text);
    }
    void take(const SendStep& step) {
        if (names_in(step.value.value, {"value"}) == Kind::bytes)
            refuse({}, "expected a step encode before it: bytes cannot be sent");
        const auto [auth_header, auth_parameter] = places_of(source_.auth);
        if (step.header && lower(*step.header) == auth_header)
            refuse({"header"}, "this header is set by source.auth");
        if (step.query && *step.query == auth_parameter)
            refuse({"query"}, "this parameter is set by source.auth");
        if (step.form && source_.request.form.empty())
            refuse({"form"}, "expected source.request.form, which it is put into");
        if (step.body && !body_is_object())
            refuse({"body"}, "expected source.request.body to be a mapping, which it is put into");
    }

    bool body_is_object() const {
        return source_.request.body && source_.request.body->text.starts_with('{');
    }

    const Node& node_;
    Reader& reader_;
    const Source& source_;
    std::size_t at_ = 0;
    Kind value_ = Kind::nothing;
    std::map<std::string, Kind> named_;
    bool good_ = true;
};

/// What the request must not have itself, for the signature is put there.
bool check_places(const Node& node, Reader& reader, const Source& source, const std::vector<SendStep>& sent) {
    bool good = true;
    const auto refuse = [&](const std::string& part, const std::string& name, const std::string& what) {
        good =
            reader.refuse_below(node, {"request", part, name}, "this " + what + " is set by source.signing");
    };
    for (const SendStep& step : sent) {
        for (const auto& [name, value] : source.request.query)
            if (step.query == name) refuse("query", name, "parameter");
        for (const auto& [name, value] : source.request.form)
            if (step.form == name) refuse("form", name, "parameter");
        for (const auto& [name, value] : source.request.headers)
            if (step.header && lower(*step.header) == lower(name)) refuse("headers", name, "header");
        if (!step.body || !source.request.body) continue;
        if (nlohmann::json::parse(source.request.body->text, nullptr, false).contains(*step.body))
            refuse("body", *step.body, "member");
    }
    return good;
}

SendStep header(const std::string& name) {
    SendStep step;
    step.header = name;
    return step;
}

}  // namespace

bool check_signing(const Node& node, Reader& reader, Source& source) {
    if (!source.signing) return true;
    if (const auto* const signing = std::get_if<SigningSteps>(&*source.signing)) {
        std::vector<SendStep> sent;
        for (const SigningStep& step : signing->steps)
            if (const auto* const send = std::get_if<SendStep>(&step)) sent.push_back(*send);
        const bool steps = Walk(node, reader, source).run(*signing);
        return check_places(node, reader, source, sent) && steps;
    }
    if (places_of(source.auth).first == "authorization")
        return reader.refuse_below(node, {"signing", "type"},
                                   "expected another source.auth: both would be in the header Authorization");
    return check_places(node, reader, source,
                        {header("Authorization"), header("X-Amz-Date"), header("X-Amz-Security-Token"),
                         header("X-Amz-Content-Sha256")});
}

}  // namespace pagehaul::config
