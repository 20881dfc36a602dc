// Connection strings: what was understood is what libpq gets, and no text for people holds a password.

#include "dsn/dsn.h"

#include <algorithm>
#include <array>
#include <set>

#include "property.h"

using namespace pagehaul;
using fuzz::contains;
using fuzz::must;

namespace {

/// What describe() names.
constexpr std::array<const char*, 4> shown_keys{"user", "dbname", "host", "service"};

bool is_known(const std::string& message) {
    static const std::set<std::string> all = [] {
        std::set<std::string> messages;
        for (const std::string_view wrong : {"", "postgres:// ", "postgres://a@b@c", "host=a port=x", "x"})
            messages.insert(dsn::Dsn::parse(wrong).error().message);
        messages.insert(dsn::Dsn::parse(std::string_view("\0", 1)).error().message);
        return messages;
    }();
    return all.contains(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    const Result<dsn::Dsn> parsed = dsn::Dsn::parse(text);
    if (!parsed) {
        must(parsed.error().kind == ErrorKind::config, "the config is what is wrong");
        must(is_known(parsed.error().message), "an error is one of a few texts: nothing of the string",
             parsed.error().message);
        return 0;
    }
    const std::string conninfo = parsed->to_conninfo();
    const Result<dsn::Dsn> again = dsn::Dsn::parse(conninfo);
    must(again && again->to_conninfo() == conninfo, "libpq reads what was understood", conninfo);

    const std::string shown = parsed->without_secrets();
    for (const std::string& secret : parsed->secrets()) {
        must(secret.empty() || !dsn::spelling_in(text, secret).empty(), "the spelling of a secret is found",
             secret);
        if (secret.size() < 8) continue;
        const bool is_elsewhere = std::any_of(shown_keys.begin(), shown_keys.end(), [&](const char* key) {
            return contains(parsed->get(key).value_or(""), secret);
        });
        must(is_elsewhere || !contains(parsed->describe(), secret), "describe() shows no secret");
        const Result<dsn::Dsn> bare = dsn::Dsn::parse(shown);
        if (bare) {
            must(bare->secrets().empty(), "what is shown has no secret parameter", shown);
            must(!bare->get("password") && !bare->get("sslpassword"), "what is shown has no password", shown);
        }
        const bool is_a_name = secret == parsed->get("user") || secret == parsed->get("dbname");
        if (!is_a_name && !contains(secret, "*"))
            must(!contains(parsed->redact("a " + secret + " b"), secret), "redact() hides it");
    }
    return 0;
}
