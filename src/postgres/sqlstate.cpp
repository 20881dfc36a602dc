#include "postgres/sqlstate.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"

namespace pagehaul::postgres {
namespace {

struct Prefix {
    std::string_view state;  ///< five characters, or the first two for a whole class
    ErrorKind kind;
};

// The first that matches decides: single states stand before their class.
constexpr std::array prefixes{
    Prefix{"08P01", ErrorKind::permanent},  // protocol violation, a wrong number of parameters too
    Prefix{"08", ErrorKind::transient},     // connection exceptions
    Prefix{"20", ErrorKind::data},          // a trigger's CASE without a branch for the row
    Prefix{"22", ErrorKind::data},         Prefix{"23", ErrorKind::data},
    Prefix{"25006", ErrorKind::transient},  // read-only: a standby answers during a failover
    Prefix{"25P02", ErrorKind::bug},        // a statement after a failed one, without a rollback
    Prefix{"25P03", ErrorKind::transient},  // idle_in_transaction_session_timeout
    Prefix{"28", ErrorKind::credential},   Prefix{"3D000", ErrorKind::config},  // no such database
    Prefix{"3F000", ErrorKind::config},                                         // no such schema
    Prefix{"40", ErrorKind::transient},     // serialization failure, deadlock
    Prefix{"42", ErrorKind::config},        // no such table or column, no privilege
    Prefix{"44", ErrorKind::data},          // WITH CHECK OPTION of a view that a trigger writes to
    Prefix{"53", ErrorKind::transient},     // disk full, out of memory, too many connections
    Prefix{"54", ErrorKind::data},          // a value too long for an index or nested too deep
    Prefix{"55P03", ErrorKind::transient},  // lock_timeout
    Prefix{"57", ErrorKind::transient},     // shutdown, crash recovery, statement_timeout
    Prefix{"P0", ErrorKind::data},          // RAISE, ASSERT and STRICT of a trigger of the target: some row's
};

// The classes of PostgreSQL's Appendix A. Of any other a state can only be raised by a function of the
// database's owner, as in RAISE … USING ERRCODE = '45000': by a trigger of the target, then.
constexpr std::array<std::string_view, 44> classes{
    "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21",
    "22", "23", "24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D",
    "3F", "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX"};

bool is_raised_by_a_trigger(std::string_view sqlstate) {
    const auto may_be_in_a_state = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); };
    return sqlstate.size() == 5 && std::all_of(sqlstate.begin(), sqlstate.end(), may_be_in_a_state) &&
           std::find(classes.begin(), classes.end(), sqlstate.substr(0, 2)) == classes.end();
}

constexpr std::array credential_texts{
    std::string_view{"authentication failed"},
    std::string_view{"no password supplied"},
    std::string_view{"no pg_hba.conf entry"},
    std::string_view{"pg_hba.conf rejects connection"},
    std::string_view{"is not permitted to log in"},
    // No such role; the same words about a database are in config_texts.
    std::string_view{"FATAL:  role \""},
    std::string_view{"password has expired"},
    std::string_view{"requires a valid client certificate"},
};
constexpr std::array config_texts{
    std::string_view{"FATAL:  database \""},
    std::string_view{"permission denied for database"},
    std::string_view{"is not currently accepting connections"},
    std::string_view{"invalid port number"},
    std::string_view{"invalid connection option"},
    std::string_view{"invalid integer value"},
    std::string_view{"invalid SSL protocol version range"},
    std::string_view{"invalid value for parameter"},
    std::string_view{"invalid command-line argument for server process"},
    std::string_view{"root certificate file"},
    std::string_view{"server does not support SSL, but SSL was required"},
    std::string_view{"certificate verify failed"},
    std::string_view{"does not match host name"},
    std::string_view{"unsupported startup parameter"},
    std::string_view{"unrecognized configuration parameter"},
    std::string_view{"definition of service"},
};

constexpr std::array limit_texts{
    std::string_view{"too many clients already"},
    std::string_view{"too many connections for role"},
    std::string_view{"too many connections for database"},
    std::string_view{"remaining connection slots are reserved"},
    std::string_view{"no more connections allowed"},  // PgBouncer
};

/// libpq's own words for a parameter that it does not take: invalid sslmode value: "x". Not every text with
/// "invalid" in it: a server that starts, or a proxy before it, says of its own state what it likes.
bool names_a_refused_value(std::string_view text) {
    const std::size_t begin = text.find("invalid ");
    const std::size_t end = begin == std::string_view::npos ? begin : text.find(" value: \"", begin + 8);
    if (end == std::string_view::npos) return false;
    return text.substr(begin + 8, end - begin - 8).find(' ') == std::string_view::npos;
}

template <class Texts>
bool contains_any(std::string_view text, const Texts& texts) {
    return std::any_of(texts.begin(), texts.end(),
                       [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

}  // namespace

ErrorKind kind_of_sqlstate(std::string_view sqlstate) {
    for (const Prefix& prefix : prefixes)
        if (sqlstate.starts_with(prefix.state)) return prefix.kind;
    return is_raised_by_a_trigger(sqlstate) ? ErrorKind::data : ErrorKind::permanent;
}

ErrorKind kind_of_connect_failure(std::string_view libpq_text) {
    if (contains_any(libpq_text, credential_texts)) return ErrorKind::credential;
    if (contains_any(libpq_text, config_texts) || names_a_refused_value(libpq_text)) return ErrorKind::config;
    return ErrorKind::transient;
}

bool is_connection_limit(std::string_view libpq_text) {
    return contains_any(libpq_text, limit_texts);
}

}  // namespace pagehaul::postgres
