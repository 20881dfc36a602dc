#pragma once

#include <string_view>
#include <vector>

#include "config/yaml/reader.h"

namespace pagehaul::config {

/// A header of this name holds a credential by custom, however its value came.
bool is_credential_header(std::string_view name);

/// A parameter of a query or a member of a body of this name holds one, in any case, with - or _ or neither:
/// `api_key`, `Access-Token`. Fewer names than in a header: here more of them mean something else.
bool is_credential_name(std::string_view name);

/// How a secret that is written into the file stands in the canonical form, which is stored and printed.
constexpr std::string_view kLiteralSecret = "(literal)";

/// A template's text says something beside its placeholders and variables.
bool has_literal(const Node& scalar);

/// Tells the reader, whose path is that of `node`, of every secret in it: of the whole of what is under a
/// name for which `is_secret`, whose own is `name`.
void tell_secrets(const Node& node, bool (*is_secret)(std::string_view), Reader& reader,
                  std::string_view name = {});

/// `shown`, in the canonical form, without literals that are secret by their names.
Node without_secrets(Node shown, bool (*is_secret)(std::string_view), std::string_view name = {});

}  // namespace pagehaul::config
