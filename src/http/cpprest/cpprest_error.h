#pragma once

#include <exception>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace pagehaul::http {

/// What cpprestsdk threw, as a transient error: what it throws are network failures, and an unknown one is
/// taken for one. The text is made here from the error code: the library hands on raw asio, errno and OpenSSL
/// values under one category, whose own messages mislead.
Error network_error(const std::exception_ptr& error, Nanos idle_timeout);

/// The request could not be written because the pooled connection had been closed by the server. The library
/// repeats a request that fails on the status line, not one that fails here.
bool connection_was_stale(const std::exception_ptr& error);

}  // namespace pagehaul::http
