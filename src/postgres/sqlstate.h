#pragma once

#include <string_view>

#include "core/error.h"

namespace pagehaul::postgres {

/// What to do about an error the server reported, by its SQLSTATE (PostgreSQL's Appendix A). None, or one
/// that is not known in a class of PostgreSQL's own, is permanent: repeating a statement that fails for an
/// unknown reason hides bugs. One of any other class is data: a trigger has raised it over a row.
ErrorKind kind_of_sqlstate(std::string_view sqlstate);

/// The same for a connection that could not be made. libpq gives no SQLSTATE then, only its text; a text that
/// is not recognised (a translated one, say) is transient: a server that starts or moves is the usual reason.
ErrorKind kind_of_connect_failure(std::string_view libpq_text);
/// Whether the server, or a pooler before it, had no connection left for us, by the same text: 53300.
bool is_connection_limit(std::string_view libpq_text);

}  // namespace pagehaul::postgres
