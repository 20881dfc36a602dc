#pragma once

#include <string_view>

namespace pagehaul {

/// Whether a host, as it is written (a name, or an address, of IPv6 with or without brackets), is this
/// machine itself: what goes there is on no wire. RFC 6761, section 6.3; RFC 1122, section 3.2.1.3; RFC
/// 4291, 2.5.3.
bool is_loopback(std::string_view host);

}  // namespace pagehaul
