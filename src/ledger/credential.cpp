#include "ledger/credential.h"

#include "ledger/statement.h"

namespace pagehaul::ledger {
namespace {

constexpr std::string_view credential_read_sql = R"(
SELECT generation, encode(pair, 'hex'), sealed,
    (extract(epoch FROM expires_at - {s}.clock()) * 1000)::bigint
FROM {s}.credential WHERE pipeline = {pipeline} AND name = {name})";

constexpr std::string_view credential_lock_sql = R"({by_catalog} SET LOCAL lock_timeout = {patience};
INSERT INTO {s}.credential (pipeline, name) VALUES ({pipeline}, {name}) ON CONFLICT DO NOTHING;)";

constexpr std::string_view credential_store_sql = R"({by_catalog} SET LOCAL synchronous_commit = on;
UPDATE {s}.credential SET generation = {generation}, pair = decode('{pair}', 'hex'), sealed = {sealed},
    stored_at = {s}.clock(), expires_at = {s}.clock() + {left}
WHERE pipeline = {pipeline} AND name = {name} AND generation = {generation} - 1
RETURNING generation)";

std::string hex_of(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char byte : bytes) {
        out += digits[static_cast<unsigned char>(byte) >> 4U];
        out += digits[static_cast<unsigned char>(byte) & 15U];
    }
    return out;
}

char digit_of(char c) {
    return static_cast<char>(c >= 'a' ? c - 'a' + 10 : c - '0');
}

CredentialRow credential_of(const postgres::Rows& rows) {
    if (rows.size() == 0) return {};
    CredentialRow row{.generation = rows.integer(0, 0), .pair = {}, .sealed = rows.boolean(0, 2)};
    const std::string& hex = rows.text(0, 1);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        row.pair += static_cast<char>(digit_of(hex[i]) * 16 + digit_of(hex[i + 1]));
    if (rows[0][3]) row.left = Millis(rows.integer(0, 3));
    return row;
}

}  // namespace

CredentialRow read_credential(postgres::Connection& connection, const Scope& scope, const std::string& name) {
    return credential_of(connection.exec(fill(credential_read_sql, scope, {{"name", text_literal(name)}})));
}

std::optional<CredentialRow> begin_credential(postgres::Connection& connection, const Scope& scope,
                                              const std::string& name, Millis patience) {
    try {
        connection.begin(
            fill(credential_lock_sql, scope,
                 {{"name", text_literal(name)}, {"patience", std::to_string(patience.count())}}));
        return credential_of(connection.exec(
            fill(credential_read_sql, scope, {{"name", text_literal(name)}}) + " FOR UPDATE"));
    } catch (const postgres::SqlError& error) {
        connection.rollback();
        if (error.sqlstate() != "55P03") throw;
        return std::nullopt;
    }
}

bool store_credential(postgres::Connection& connection, const Scope& scope, const std::string& name,
                      const CredentialRow& row) {
    const std::string left =
        row.left ? "interval '1 millisecond' * " + std::to_string(row.left->count()) : "NULL::interval";
    const auto rows = connection.exec(fill(credential_store_sql, scope,
                                           {{"name", text_literal(name)},
                                            {"generation", std::to_string(row.generation)},
                                            {"pair", hex_of(row.pair)},
                                            {"sealed", row.sealed ? "true" : "false"},
                                            {"left", left}}));
    return rows.size() == 1;
}

}  // namespace pagehaul::ledger
