#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/error.h"
#include "record/page.h"

namespace pagehaul::source {

// Pages that tell of the next one. A token is kept as a JSON scalar, so that one that is a number is sent as
// a number where it is a whole JSON value.

/// A token as it is kept, taken apart.
config::SliceValue token_value(std::string_view token);

/// The next page's token, or nothing where `told` means that there is none: missing, null, false or an empty
/// text. Fails (kind data) on what is no token.
Result<std::optional<std::string>> token_of(const record::Scalar& told);

/// A link as token_of gives it, as path and query at source.base_url, without the parameters that credential
/// and signature are sent in: they are added to each request anew, and are no text for the ledger. `target`:
/// of the request that told it. Fails as http::linked_target does.
Result<std::string> link_token(const config::Source& source, std::string_view target, std::string_view token);

/// What stands at a JSON pointer of a JSON text: a number that is not whole is a container, for it is no
/// token.
record::Scalar scalar_at(std::string_view json, const std::string& pointer);

/// A JSON text, as config::Json has it, without the members and elements that are texts with `{{ page.token
/// }}` in them: what is sent while there is no token.
std::string without_token(std::string_view json);

}  // namespace pagehaul::source
