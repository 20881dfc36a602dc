#include "options.h"

#include <algorithm>
#include <charconv>
#include <functional>

namespace mockapi {
namespace {

[[noreturn]] void expected(std::string_view what, std::string_view got) {
    throw OptionError("expected " + std::string(what) + ", got '" + std::string(got) + "'");
}

template <class T>
T number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) expected("a number", text);
    return value;
}

bool boolean(std::string_view text) {
    if (text == "1" || text == "true" || text == "on") return true;
    if (text == "0" || text == "false" || text == "off") return false;
    expected("1 or 0", text);
}

/// "50ms", "2s", "100us"; a bare number is milliseconds.
Micros duration(std::string_view text) {
    const auto unit_at = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto unit = text.substr(unit_at);
    const auto value = number<double>(text.substr(0, unit_at));
    double scale = 0;
    if (unit.empty() || unit == "ms") scale = 1e3;
    if (unit == "us") scale = 1;
    if (unit == "s") scale = 1e6;
    if (scale == 0) expected("a duration such as 50ms, 2s or 100us", text);
    return Micros(static_cast<std::int64_t>(value * scale));
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> list;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (comma > 0) list.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return list;
}

std::set<std::uint64_t> numbers(std::string_view text) {
    std::set<std::uint64_t> list;
    for (const auto& word : words(text))
        list.insert(number<std::uint64_t>(word));
    return list;
}

double rate(std::string_view text) {
    if (text.ends_with("/s")) text.remove_suffix(2);
    return number<double>(text);
}

std::vector<std::string> fault_kinds(std::string_view text) {
    static const std::set<std::string, std::less<>> names{
        "code", "reset", "short", "truncated", "badjson", "trickle", "never", "huge", "gzipbomb", "redirect"};
    auto list = words(text);
    for (const auto& kind : list) {
        const bool status = kind.size() == 3 && std::all_of(kind.begin(), kind.end(),
                                                            [](char c) { return c >= '0' && c <= '9'; });
        if (!status && !names.contains(kind)) {
            expected(
                "HTTP statuses or code, reset, short, truncated, badjson, trickle, never, huge, "
                "gzipbomb, redirect",
                kind);
        }
    }
    if (list.empty()) expected("at least one fault", text);
    return list;
}

template <class E>
E choice(std::string_view text, std::initializer_list<std::pair<std::string_view, E>> choices) {
    std::string names;
    for (const auto& [name, value] : choices) {
        if (name == text) return value;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    expected("one of " + names, text);
}

using Text = std::string_view;
using Setter = std::function<void(Options&, Text)>;

struct Spec {
    Text name;
    Text argument;  ///< empty: a switch
    Text help;
    Setter set;
};

template <class T>
Setter count(T Options::*field) {
    return [field](Options& o, Text v) { o.*field = number<T>(v); };
}
Setter flag(bool Options::*field) {
    return [field](Options& o, Text v) { o.*field = boolean(v); };
}
Setter text(std::string Options::*field) {
    return [field](Options& o, Text v) { o.*field = std::string(v); };
}
Setter time_of(Micros Options::*field) {
    return [field](Options& o, Text v) { o.*field = duration(v); };
}
Setter set_of(std::set<std::uint64_t> Options::*field) {
    return [field](Options& o, Text v) { o.*field = numbers(v); };
}

void set_retry_after(Options& o, Text v) {
    if (v == "none")
        o.retry_after = RetryAfter::none;
    else if (v == "date")
        o.retry_after = RetryAfter::date;
    else {
        o.retry_after = RetryAfter::seconds;
        o.retry_after_s = number<int>(v);
    }
}

const std::vector<Spec>& specs() {
    using O = Options;
    static const std::vector<Spec> list{
        {"address", "A", "IPv4 address to listen on, default 127.0.0.1", text(&O::address)},
        {"port", "N", "TCP port; 0 (default): a free one, told on stdout", count(&O::port)},
        {"port-file", "FILE", "write the port there too", text(&O::port_file)},
        {"log-file", "FILE", "write the request log there at exit", text(&O::log_file)},
        {"cache-mb", "N", "rendered pages kept, default 256", count(&O::cache_mb)},
        {"prerender", "", "render the pages of 100 rows without slice before listening", flag(&O::prerender)},
        {"dump-rows", "", "print all rows of a slice as NDJSON and exit", flag(&O::dump_rows)},
        {"help", "", "this text", flag(&O::help)},
        {"rows", "N", "rows of every slice, default 1000", count(&O::rows)},
        {"seed", "N", "of values and faults, default 1", count(&O::seed)},
        {"advertiser-id", "ID", "slice of --dump-rows", text(&O::advertiser_id)},
        {"date", "DAY", "slice of --dump-rows", text(&O::date)},
        {"bad-rows", "I,J", "rows whose fee is no number", set_of(&O::bad_rows)},
        {"null-key-rows", "I,J", "rows whose creativity_id is null", set_of(&O::null_key_rows)},
        {"dup-keys", "I,J", "rows with the key of the row before, other bytes", set_of(&O::dup_keys)},
        {"dup-rows", "I,J", "rows equal to the row before, byte by byte", set_of(&O::dup_rows)},
        {"dup-across-slices", "", "every slice serves the same keys", flag(&O::dup_across_slices)},
        {"nul", "", "U+0000 in names", flag(&O::nul)},
        {"unicode", "", "astral characters, escapes and quotes in every name", flag(&O::unicode)},
        {"inserted", "N", "rows inserted at the front already", count(&O::inserted)},
        {"removed", "N", "rows removed from the front already", count(&O::removed)},
        {"page-size", "N", "for requests that name none; default: refuse them", count(&O::page_size)},
        {"max-page-size", "N", "a larger page_size is refused with 10002, default 100",
         count(&O::max_page_size)},
        {"cap-page-size", "N", "a larger page_size is silently served as N", count(&O::cap_page_size)},
        {"total", "WHERE", "every (default), first: on page 1 only, none",
         [](Options& o, Text v) {
             o.total = choice<TotalOn>(v, {{"every", TotalOn::every_page},
                                           {"first", TotalOn::first_page},
                                           {"none", TotalOn::no_page}});
         }},
        {"no-total", "", "the same as --total none",
         [](Options& o, Text v) { o.total = boolean(v) ? TotalOn::no_page : TotalOn::every_page; }},
        {"total-on-every-page", "", "the same as --total every",
         [](Options& o, Text v) { o.total = boolean(v) ? TotalOn::every_page : TotalOn::first_page; }},
        {"refuse-beyond", "", "pages beyond the end get code 10002 instead of no rows",
         flag(&O::refuse_beyond)},
        {"depth-cap", "ROWS", "deeper pages get code 10003", count(&O::depth_cap)},
        {"same-page", "", "page 1 for every page asked", flag(&O::same_page)},
        {"strict-types", "", "page_num and page_size as JSON strings are refused with 10002",
         flag(&O::strict_types)},
        {"ends", "", "numbered pages tell page_count, and in `more` whether they are the last",
         flag(&O::ends)},
        {"chain", "", "requests without a number or an offset: each page tells of the next one",
         flag(&O::chain)},
        {"chain-end", "HOW", "what the last page tells: null (default), absent, empty",
         [](Options& o, Text v) {
             o.chain_end = choice<ChainEnd>(
                 v, {{"null", ChainEnd::null}, {"absent", ChainEnd::absent}, {"empty", ChainEnd::empty}});
         }},
        {"link-form", "HOW", "of links: absolute (default), path, query, foreign",
         [](Options& o, Text v) {
             o.link_form = choice<LinkForm>(v, {{"absolute", LinkForm::absolute},
                                                {"path", LinkForm::path},
                                                {"query", LinkForm::query},
                                                {"foreign", LinkForm::foreign}});
         }},
        {"chain-generation", "N", "tokens of another one are refused with 400, default 1",
         count(&O::chain_generation)},
        {"chain-repeat", "N", "page N tells its own token again", count(&O::chain_repeat)},
        {"chain-endless", "", "behind the last page come empty ones without end", flag(&O::chain_endless)},
        {"auth", "KIND",
         "header (default), bearer, basic, query, none; granted: a token of POST /oauth/token",
         [](Options& o, Text v) {
             o.auth = choice<AuthKind>(v, {{"header", AuthKind::header},
                                           {"bearer", AuthKind::bearer},
                                           {"basic", AuthKind::basic},
                                           {"query", AuthKind::query},
                                           {"granted", AuthKind::granted},
                                           {"none", AuthKind::none}});
         }},
        {"auth-name", "NAME", "of the header or query parameter, default Access-Token", text(&O::auth_name)},
        {"token", "T", "what it must be (basic: user:password); empty: no check", text(&O::token)},
        {"auth-status", "N", "answer to a wrong token: 401 (default), 403; 200: code 410019",
         count(&O::auth_status)},
        {"oauth-client", "ID:SECRET", "what the token server knows", text(&O::oauth_client)},
        {"oauth-user", "USER:PASSWORD", "of the grant `password`", text(&O::oauth_user)},
        {"refresh-token", "T", "of the grant `refresh_token`", text(&O::refresh_token)},
        {"rotate", "", "each use of the refresh token gives another and ends all before", flag(&O::rotate)},
        {"rotate-grace", "N", "so often the one before may be used again", count(&O::rotate_grace)},
        {"token-lifetime", "TIME", "of what is granted; default: for good", time_of(&O::token_lifetime)},
        {"token-latency", "TIME", "before the token server's answers", time_of(&O::token_latency)},
        {"token-status", "N", "what the token server answers, whatever it is asked", count(&O::token_status)},
        {"sign", "KIND",
         "none (default); ark: what Xiaohongshu's shop API wants in the body; aws: Signature Version 4",
         [](Options& o, Text v) {
             o.sign = choice<SignKind>(
                 v, {{"none", SignKind::none}, {"ark", SignKind::ark}, {"aws", SignKind::aws}});
         }},
        {"sign-secret", "S", "what requests are signed with", text(&O::sign_secret)},
        {"revoke", "", "ends every token that was granted so far", flag(&O::revoke)},
        {"latency", "TIME", "before every answer", time_of(&O::latency)},
        {"latency-jitter", "TIME", "up to so much more, uniform", time_of(&O::latency_jitter)},
        {"fault-rate", "P", "share of pages that fail at first", count(&O::fault_rate)},
        {"faults", "A,B",
         "HTTP statuses (500, 503, 429, 404…), code, reset, short, truncated, badjson, trickle, never, huge, "
         "gzipbomb, redirect; default 500",
         [](Options& o, Text v) { o.faults = fault_kinds(v); }},
        {"fault-pages", "N,M", "these pages fail, whatever the rate", set_of(&O::fault_pages)},
        {"fault-tries", "K", "tries of a page that fail, default 1", count(&O::fault_tries)},
        {"fault-forever", "", "every try of it fails", flag(&O::fault_forever)},
        {"fault-code", "N", "of the fault `code`, default 10005", count(&O::fault_code)},
        {"retry-after", "HOW", "of 429: seconds (default 1), date, none", set_retry_after},
        {"trickle-interval", "TIME", "a byte each, default 100ms", time_of(&O::trickle_interval)},
        {"huge-mb", "N", "size of `huge` and, inflated, `gzipbomb`; default 100", count(&O::huge_mb)},
        {"redirect-to", "URL", "of the fault `redirect`", text(&O::redirect_to)},
        {"never", "", "no answer to any page, ever", flag(&O::never)},
        {"hold", "", "pages wait until hold is set to 0", flag(&O::hold)},
        {"hold-after", "N", "hold after N page requests", count(&O::hold_after)},
        {"down", "", "the API is down now", flag(&O::down)},
        {"down-after", "N", "down after N page requests", count(&O::down_after)},
        {"down-for", "TIME", "then up again; default: down for good", time_of(&O::down_for)},
        {"down-mode", "HOW", "503 (default) or refuse: no listener",
         [](Options& o, Text v) {
             o.down_mode = choice<DownMode>(v, {{"503", DownMode::status_503}, {"refuse", DownMode::refuse}});
         }},
        {"ratelimit", "R/s", "enforced token bucket, answers 429",
         [](Options& o, Text v) { o.ratelimit = rate(v); }},
        {"ratelimit-burst", "N", "its depth, default 1", count(&O::ratelimit_burst)},
        {"drift", "KIND", "insert or remove rows at the front, or a total that is told one too high",
         [](Options& o, Text v) {
             o.drift = choice<Drift>(v, {{"none", Drift::none},
                                         {"insert", Drift::insert},
                                         {"remove", Drift::remove},
                                         {"total", Drift::total}});
         }},
        {"drift-after", "N", "after N page requests (default 1), once", count(&O::drift_after)},
        {"drift-rows", "N", "rows inserted or removed, default 1", count(&O::drift_rows)},
        {"drift-forever", "", "after every N page requests again", flag(&O::drift_forever)},
    };
    return list;
}

const Spec& find_spec(std::string_view name) {
    std::string wanted(name);
    std::replace(wanted.begin(), wanted.end(), '_', '-');
    for (const auto& spec : specs()) {
        if (spec.name == wanted) return spec;
    }
    throw OptionError("no option '" + wanted + "', see --help");
}

}  // namespace

void set_option(Options& options, std::string_view name, std::string_view value) {
    const auto& spec = find_spec(name);
    try {
        spec.set(options, value);
    } catch (const OptionError& error) {
        throw OptionError(std::string(spec.name) + ": " + error.what());
    }
}

Options parse_command_line(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        if (!word.starts_with("--")) throw OptionError("expected a flag, got '" + std::string(word) + "'");
        word.remove_prefix(2);
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        if (equals != std::string_view::npos) {
            set_option(options, name, word.substr(equals + 1));
        } else if (find_spec(name).argument.empty()) {
            set_option(options, name, "1");
        } else if (i + 1 < argc) {
            set_option(options, name, argv[++i]);
        } else {
            throw OptionError("--" + std::string(name) + ": expected a value");
        }
    }
    return options;
}

std::string help_text() {
    std::string text =
        "mockapi: a report API for tests, fast and deterministic.\n\n"
        "  POST /data/report/offline/creative   {page_num, page_size, advertiser_id, start_date}\n"
        "  POST /oauth/token                     a token (RFC 6749); GET /__tokens: who asked\n"
        "  GET  /rows?page=N&page_size=100      or ?offset=O&limit=100\n"
        "  GET  /__log[?since=SEQ]  /__stats  /__wait?requests=N|in_flight=N|held=N[&timeout=5s]\n"
        "  POST /__log/clear  /__set?flag=value[&flag=value]\n\n";
    for (const auto& spec : specs()) {
        std::string left = "  --" + std::string(spec.name) + " " + std::string(spec.argument);
        left.resize(std::max<std::size_t>(left.size() + 1, 28), ' ');
        text += left + std::string(spec.help) + "\n";
    }
    return text;
}

}  // namespace mockapi
