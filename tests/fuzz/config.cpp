// A whole config file. A line "#set KEY=VALUE" is an override of the command line. Either there are problems,
// safe to print, or everything that is built from a config can be built from this one.

#include "config/load.h"

#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "config/yaml/problem.h"
#include "http/url.h"
#include "property.h"
#include "record/decoder.h"
#include "source/judge.h"
#include "source/requests.h"
#include "source/signing/signer.h"

using namespace pagehaul;
using fuzz::contains;
using fuzz::must;

namespace {

constexpr const char* kSecret = "canary-7f3a-secret";

config::LoadOptions options_for(const std::string& yaml) {
    config::LoadOptions options;
    options.variables.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "SECRET") return kSecret;
        if (name == "DAY") return "2026-10-01\n";
        if (name == "DSN") return std::string("postgres://me:") + kSecret + "@db/app";
        return std::nullopt;
    };
    options.variables.read_file = [&yaml](const std::string& path, std::size_t) -> Result<std::string> {
        if (path == "p.yaml") return yaml;
        if (path == "/run/secret") return std::string(kSecret) + "\n";
        return fail(ErrorKind::config, path, "cannot be read: no such file");
    };
    options.zone_exists = [](const std::string& zone) {
        return zone == "Asia/Shanghai" || zone == "Etc/UTC";
    };
    fuzz::Parts parts(yaml);
    while (!parts.done()) {
        const std::string_view line = parts.line();
        if (line.starts_with("#set ")) options.set.emplace_back(line.substr(5));
    }
    return options;
}

void check_signed(const config::Source& source, http::Request request) {
    SystemRandom random;
    const auto done =
        source::Signer(*source.signing, source.base_url, system_clock(), random, {}).sign(request);
    must(done || done.error().kind == ErrorKind::config, "a request is signed, or the config is wrong");
    if (!done) return;
    must(request.target.starts_with('/') && http::safe_in_header(request.target),
         "a signed request asks for a path on one line", request.target);
    for (const auto& [name, value] : request.headers)
        must(http::safe_in_header(name) && http::safe_in_header(value), "a signature's header is one line");
    if (source.request.body)
        must(nlohmann::json::accept(request.body), "a signed body is JSON", request.body);
}

/// Throws where one of them refuses what load() let pass.
void build_all(const config::Config& config) {
    must(http::parse_url(config.source.base_url).has_value(), "the base URL is one", config.source.base_url);
    const source::Requests requests(config.source);
    const source::Judge judge(config.source);
    const record::Decoder decoder(config.sink, judge.format());
    const auto plan = source::expand_slices(config.source, WallTime{std::chrono::seconds(1'790'000'000)});
    if (!plan) {
        must(plan.error().kind == ErrorKind::config, "too many slices are the config's fault",
             plan.error().text());
        return;
    }
    if (plan->slices.empty()) return;
    const source::Slice& slice = plan->slices.front();
    const auto auth = std::visit(
        [](const auto& it) -> config::Auth {
            if constexpr (std::is_constructible_v<config::Auth, decltype(it)>) return it;
            return config::AuthNone{};
        },
        config.source.auth);
    const auto request = requests.build(slice, 1, {.version = 0, .auth = auth});
    must(request || request.error().kind == ErrorKind::config, "a request is built, or the config is wrong");
    static_cast<void>(requests.column_values(config.sink, slice, {}));
    if (!request) return;
    must(request->target.starts_with('/'), "a request asks for a path", request->target);
    must(http::safe_in_header(request->target), "and its target is one line", request->target);
    for (const auto& [name, value] : request->headers)
        must(http::safe_in_header(name) && http::safe_in_header(value), "a header is one line");
    if (config.source.request.body)
        must(nlohmann::json::accept(request->body), "a body is JSON", request->body);
    if (config.source.signing) check_signed(config.source, *request);
    const auto stored = source::slice_from_json(slice.key, source::to_json(slice));
    must(stored && stored->params == slice.params, "the ledger keeps a slice as it is",
         source::to_json(slice));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string yaml(fuzz::text_of(data, size));
    const config::LoadOptions options = options_for(yaml);
    const auto config = config::load("p.yaml", options);
    const bool may_tell = !contains(yaml, "canary");  // as long as the file itself does not
    if (!config) {
        must(!config.error().empty(), "a config that is refused has a problem");
        for (const config::Problem& problem : config.error()) {
            must(!problem.text.empty(), "a problem is told");
            must(!may_tell || !contains(problem.line(), kSecret), "a problem shows no secret",
                 problem.line());
        }
        return 0;
    }
    must(!may_tell || !contains(config->fingerprint_text, kSecret), "a fingerprint holds no secret",
         config->fingerprint_text);
    for (const std::string& warning : config->warnings)
        must(!may_tell || !contains(warning, kSecret), "a warning shows no secret", warning);
    const auto again = config::load("p.yaml", options);
    must(again && again->fingerprint_text == config->fingerprint_text, "one file, one fingerprint");
    try {
        build_all(*config);
    } catch (const Failure& failure) {
        must(false, "what load() lets pass can be built", failure.what());
    }
    return 0;
}
