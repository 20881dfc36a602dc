#include "chain.h"

#include <charconv>

namespace mockapi {
namespace {

std::string token_of(const Options& options, std::uint64_t row) {
    return "g" + std::to_string(options.chain_generation) + "-" + std::to_string(row);
}

std::string link(const Options& options, const HttpRequest& request, const std::string& token) {
    std::string query = "?";
    for (const auto& [name, value] : request.query)
        if (name != "cursor") query += name + "=" + value + "&";
    query += "cursor=" + token;
    const std::string host(request.header("host"));
    switch (options.link_form) {
        case LinkForm::absolute:
            return "http://" + host + request.path + query;
        case LinkForm::path:
            return request.path + query;
        case LinkForm::query:
            return query;
        case LinkForm::foreign:
            return "http://elsewhere.test" + request.path + query;
    }
    return {};
}

}  // namespace

std::optional<std::uint64_t> row_of_token(const Options& options, std::string_view token) {
    const std::string begin = "g" + std::to_string(options.chain_generation) + "-";
    const bool is_ours = token.starts_with(begin);
    if (is_ours) token.remove_prefix(begin.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
    // The creativity_id of the last record that the client has.
    return is_ours ? number : number % 1'000'000 + 1;
}

ChainWords chain_words(const Options& options, const HttpRequest& request, std::uint64_t first,
                       std::uint64_t size, std::uint64_t total) {
    const std::uint64_t number = first / size + 1;
    const std::uint64_t next = number == options.chain_repeat ? first : first + size;
    if (next < total || options.chain_endless) {
        const std::string token = token_of(options, next);
        const std::string url = link(options, request, token);
        return {.body = R"(,"next":")" + token + R"(","more":true,"next_url":")" + url + '"',
                .headers = "X-Next: " + token + "\r\nLink: <" + url + ">; rel=\"next\", <" + url +
                           "&last=1>; rel=\"last\"\r\n"};
    }
    switch (options.chain_end) {
        case ChainEnd::null:
            return {.body = R"(,"next":null,"more":false,"next_url":null)", .headers = ""};
        case ChainEnd::absent:
            return {.body = R"(,"more":false)", .headers = ""};
        case ChainEnd::empty:
            return {.body = R"(,"next":"","more":false,"next_url":"")", .headers = "X-Next:\r\n"};
    }
    return {};
}

}  // namespace mockapi
