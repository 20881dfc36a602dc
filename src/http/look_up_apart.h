#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "http/transport.h"

namespace pagehaul::http {

/// A transport whose server's name is looked up in a thread of its own before each request, and only sent
/// once that has succeeded. The HTTP library looks up all names of the process one after the other, and
/// cannot give one up: a name server that does not answer for a telemetry host (5 s a try) would hold up the
/// connections to the API, and the end of the process.
///
/// `host`: whose name the library will look up: the URL's, or the proxy's. An address needs no look-up. A
/// request whose name does not resolve in time fails as transient, or cancelled. At most one look-up is under
/// way; one that hangs is left behind when the transport goes.
std::unique_ptr<Transport> look_up_apart(std::unique_ptr<Transport> transport, std::string host,
                                         const Clock& clock);

}  // namespace pagehaul::http
