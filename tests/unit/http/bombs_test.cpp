// What is read of an answer is bounded while it comes, not once it is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "http/transport.h"
#include "scripted_server.h"

namespace pagehaul::http {
namespace {

using testing::Connection;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using namespace std::chrono_literals;

constexpr std::size_t mebibyte = 1UL << 20U;
/// Above what the two sockets' buffers hold on loopback, far below what the server would send.
constexpr std::size_t on_the_way = 16 * mebibyte;
constexpr std::size_t whole_bomb = 400 * mebibyte;

class Bomb : public ::testing::Test {
  protected:
    /// What the transport says of an answer that begins so and goes on with `piece` for ever.
    std::string refused(const std::string& head, const std::string& piece) {
        ScriptedServer server([&](const ReceivedRequest&, Connection& to) {
            to.write(head);
            while (taken < whole_bomb && to.write(piece))
                taken += piece.size();
            to.close();
        });
        const auto transport = make_transport({.base_url = server.url()}, system_clock());
        const Bounds bounds{.deadline = Deadline::after(system_clock().now(), 60s),
                            .max_body = mebibyte,
                            .reserve = [&](std::size_t bytes) {
                                most_reserved = std::max(most_reserved, bytes);
                                return true;
                            }};
        const auto response = transport->send({.target = "/"}, bounds, {});
        if (response) return "";
        EXPECT_EQ(response.error().kind, ErrorKind::permanent);
        return response.error().message;
    }
    std::atomic<std::size_t> taken = 0;
    std::size_t most_reserved = 0;
};

TEST_F(Bomb, OfHeaders) {
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\n", "X-Filler: " + std::string(10'000, 'f') + "\r\n"),
                HasSubstr("headers are larger than 262144 bytes"));
    EXPECT_LT(taken, on_the_way);
}

TEST_F(Bomb, OfOneHeader) {
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\nX-Filler: ", std::string(10'000, 'f')), HasSubstr("headers"));
    EXPECT_LT(taken, on_the_way);
}

TEST_F(Bomb, OfInterimAnswers) {
    EXPECT_THAT(refused("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), HasSubstr("headers"));
    EXPECT_LT(taken, on_the_way);
}

TEST_F(Bomb, OfOneChunk) {
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n19000000\r\n",
                        std::string(100'000, 'c')),
                HasSubstr("larger than limits.body (1048576 bytes)"));
    EXPECT_LT(taken, on_the_way);
    EXPECT_LE(most_reserved, mebibyte);
}

TEST_F(Bomb, OfChunks) {
    std::string chunks;
    for (int i = 0; i < 1'000; ++i)
        chunks += "1\r\nc\r\n";
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks),
                HasSubstr("limits.body"));
    EXPECT_LE(most_reserved, mebibyte);
}

TEST_F(Bomb, OfALengthThatIsToldIsRefusedAtItsFirstByte) {
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n", std::string(1'000, 'b')),
                HasSubstr("limits.body"));
    EXPECT_EQ(most_reserved, 0U);
}

TEST_F(Bomb, OfABodyWithoutAnEnd) {
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\n\r\n", std::string(100'000, 'b')), HasSubstr("limits.body"));
    EXPECT_LT(taken, on_the_way);
}

TEST_F(Bomb, OfATrailer) {
    EXPECT_THAT(refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n",
                        "X-Filler: " + std::string(3'000, 'f') + "\r\n"),
                HasSubstr("headers"));
    EXPECT_LT(taken, on_the_way);
}

}  // namespace
}  // namespace pagehaul::http
