#include "dsn/dsn.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "core/join.h"
#include "core/percent.h"

namespace pagehaul::dsn {
namespace {

constexpr std::string_view kSpace =
    " \t\n\r\f\v";  // what isspace() says in the C locale, by which libpq reads

/// `hint` tells what is wrong without a part of it.
tl::unexpected<Error> malformed(const std::string& hint = {}) {
    return fail(ErrorKind::config, "sink.dsn",
                "expected a PostgreSQL connection string such as postgres://user@host/database or "
                "\"host=… dbname=…\"" +
                    (hint.empty() ? "" : ": " + hint));
}

bool is_uri(std::string_view text) {
    return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

bool is_list_of_ports(std::string_view text) {
    return text.find_first_not_of("0123456789,") == std::string_view::npos;
}

/// libpq lets the user information end at the first '@' that comes before any '/', and takes the rest of a
/// password that holds either for a host, a port or a database.
bool has_at_behind_the_login(std::string_view uri) {
    const std::string_view rest = uri.substr(uri.find("://") + 3);
    const std::size_t mark = rest.find_first_of("@/");
    const std::size_t login = mark != std::string_view::npos && rest[mark] == '@' ? mark + 1 : 0;
    return rest.find('@', login) < rest.find('?', login);
}

std::string quoted(std::string_view value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "'";
}

/// As libpq does: one behind which nothing comes goes too.
std::string without_backslashes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && ++i == text.size()) break;
        out += text[i];
    }
    return out;
}

}  // namespace

Result<Dsn> Dsn::parse(std::string_view text) {
    if (text.empty()) return malformed();
    if (text.find('\0') != std::string_view::npos) return malformed("it holds a NUL byte");
    if (is_uri(text)) {
        if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F; }))
            return malformed("a URI has no blanks and control characters");
        if (has_at_behind_the_login(text))
            return malformed("percent-encode '@', '/' and '%' of the user and the password");
    }
    // Its message is not for people: it quotes the string.
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(std::string(text).c_str(), nullptr), PQconninfoFree);
    if (options == nullptr) return malformed();
    Dsn dsn;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val == nullptr) continue;
        dsn.parameters_.push_back({.key = option->keyword,
                                   .value = option->val,
                                   .is_secret = std::string_view(option->dispchar) == "*"});
    }
    if (!is_list_of_ports(dsn.get("port").value_or("")))
        return malformed("a port that is not a number (is a character of the password not percent-encoded?)");
    if (dsn.parameters_.empty()) return malformed();
    return dsn;
}

const Dsn::Parameter* Dsn::find(std::string_view key) const {
    const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](const Parameter& parameter) { return parameter.key == key; });
    return found == parameters_.end() ? nullptr : &*found;
}

std::optional<std::string> Dsn::get(std::string_view key) const {
    const Parameter* found = find(key);
    return found == nullptr ? std::nullopt : std::optional(found->value);
}

void Dsn::set(std::string_view key, std::string value) {
    if (const Parameter* found = find(key))
        parameters_[static_cast<std::size_t>(found - parameters_.data())].value = std::move(value);
    else
        parameters_.push_back({.key = std::string(key), .value = std::move(value)});
}

void Dsn::set_if_absent(std::string_view key, std::string value) {
    if (find(key) == nullptr) set(key, std::move(value));
}

std::string Dsn::to_conninfo() const {
    std::string text;
    for (const Parameter& parameter : parameters_)
        text += parameter.key + "=" + quoted(parameter.value) + " ";
    return text;
}

std::string Dsn::without_secrets() const {
    std::vector<std::string> pairs;
    for (const Parameter& parameter : parameters_) {
        if (parameter.is_secret) continue;
        const bool plain = !parameter.value.empty() &&
                           parameter.value.find_first_of("'\\" + std::string(kSpace)) == std::string::npos;
        pairs.push_back(parameter.key + "=" + (plain ? parameter.value : quoted(parameter.value)));
    }
    return join(pairs, " ");
}

std::vector<std::string> Dsn::secrets() const {
    std::vector<std::string> values;
    for (const Parameter& parameter : parameters_)
        if (parameter.is_secret) values.push_back(parameter.value);
    return values;
}

std::string Dsn::describe() const {
    const auto host = get("host");
    const auto service = get("service");
    std::string text = "database \"" + get("dbname").value_or(get("user").value_or("")) + "\"";
    if (host) text += " on host \"" + *host + "\"";
    if (service) text += " of service \"" + *service + "\"";
    return text;
}

std::string Dsn::redact(std::string text) const {
    for (const std::string& secret : secrets()) {
        // One that equals the user's or the database's name is in the message for another reason.
        if (secret.empty() || secret == get("user") || secret == get("dbname")) continue;
        for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

std::string spelling_in(std::string_view text, std::string_view secret) {
    const bool uri = is_uri(text);
    const std::string before = uri ? ":=" : "='" + std::string(kSpace);
    const std::string behind = uri ? "@&" : "'" + std::string(kSpace);
    for (std::size_t begin = text.find_first_of(before); begin != std::string_view::npos;
         begin = text.find_first_of(before, begin + 1)) {
        for (std::size_t end = begin; end < text.size();) {
            end = std::min(text.find_first_of(behind, end + 1), text.size());
            const std::string_view part = text.substr(begin + 1, end - begin - 1);
            const auto read = uri ? percent_decode(part) : without_backslashes(part);
            if (read == secret) return std::string(part);
        }
    }
    return {};
}

}  // namespace pagehaul::dsn
