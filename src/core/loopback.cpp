#include "core/loopback.h"

#include <arpa/inet.h>

#include <array>
#include <string>

#include "core/ascii.h"

namespace pagehaul {

bool is_loopback(std::string_view host) {
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    const std::string name = lower(std::string(host));
    if (name == "localhost" || name.ends_with(".localhost")) return true;
    // Not by the first letters: 127.example.com is a name like any other.
    std::array<unsigned char, 16> address{};
    if (::inet_pton(AF_INET, name.c_str(), address.data()) == 1) return address[0] == 127;
    constexpr std::array<unsigned char, 16> one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return ::inet_pton(AF_INET6, name.c_str(), address.data()) == 1 && address == one;
}

}  // namespace pagehaul
