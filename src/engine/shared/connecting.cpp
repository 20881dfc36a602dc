#include "engine/shared/connecting.h"

#include <array>
#include <cstdio>

namespace pagehaul::engine {

std::string new_uuid(Random& random) {
    std::array<unsigned, 16> bytes{};
    for (unsigned& byte : bytes)
        byte = static_cast<unsigned>(random.unit() * 256.0);
    bytes[6] = (bytes[6] & 0x0FU) | 0x40U;  // RFC 4122, 4.4: version 4
    bytes[8] = (bytes[8] & 0x3FU) | 0x80U;  // and its variant
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::array<char, 3> hex{};
        std::snprintf(hex.data(), hex.size(), "%02x", bytes[i]);
        text += hex.data();
        if (i == 3 || i == 5 || i == 7 || i == 9) text += '-';
    }
    return text;
}

postgres::ConnectOptions connect_options(const config::Config& config, const std::string& worker) {
    return {.dsn = config.sink.dsn.value,
            .application_name = "pagehaul " + worker,
            .pgbouncer = config.sink.pgbouncer,
            .catalog_only = true};
}

std::optional<std::string> encoding_caveat(const std::string& encoding) {
    if (encoding == "UTF8") return std::nullopt;
    return "the database's encoding is " + encoding +
           ", not UTF8: rows with a character that it lacks go to the quarantine";
}

std::unique_ptr<postgres::Connection> connect_briefly(const Context& context, Millis statement) {
    postgres::ConnectOptions options = connect_options(context.config, context.scope.worker);
    options.connect_timeout_ms = 2'000;
    options.statement_timeout_ms = statement.count();
    return std::make_unique<postgres::Connection>(options);
}

}  // namespace pagehaul::engine
