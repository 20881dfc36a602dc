#include "core/loopback.h"

#include <gtest/gtest.h>

namespace pagehaul {
namespace {

TEST(Loopback, IsThisMachineByNameOrAddress) {
    for (const char* host : {"localhost", "LocalHost", "api.localhost", "127.0.0.1", "127.8.9.1", "::1",
                             "[::1]", "0:0:0:0:0:0:0:1"})
        EXPECT_TRUE(is_loopback(host)) << host;
}

TEST(Loopback, IsNoOtherMachineWhateverItIsCalled) {
    for (const char* host : {"", "db", "localhost.example.com", "notlocalhost", "127.example.com",
                             "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0", "::", "::2", "[fe80::1]"})
        EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace pagehaul
