#pragma once

#include "core/error.h"
#include "http/transport.h"

namespace pagehaul::http {

/// Replaces the body by what it is an encoding of, by the header Content-Encoding in any case of letters.
/// Errors as gunzip()'s, and permanent for an encoding that cannot be undone.
Result<void> undo_content_encoding(Response& response, const Bounds& bounds);

}  // namespace pagehaul::http
