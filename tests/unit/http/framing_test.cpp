// Whatever a server sends, an answer is that to its own request: of two requests by one caller, the second
// one never reads what the first one brought.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <semaphore>

#include "http/transport.h"
#include "scripted_server.h"

namespace pagehaul::http {
namespace {

using testing::Connection;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using namespace std::chrono_literals;

constexpr std::string_view stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nSTRAY";

struct Oddity {
    std::string name;
    /// What the server writes to the first request, each piece once the client's side has taken the one
    /// before.
    std::vector<std::string> pieces;
    std::string first;  ///< the first request's body, or part of why it fails
    bool fails = false;
    bool keeps_connection = false;
    bool closes = false;  ///< the server, behind the last piece
};

std::ostream& operator<<(std::ostream& out, const Oddity& oddity) {
    return out << oddity.name;
}

class Framing : public ::testing::TestWithParam<Oddity> {};

TEST_P(Framing, LetsNoAnswerBeTakenForAnother) {
    const Oddity& oddity = GetParam();
    std::binary_semaphore all_sent(0);
    ScriptedServer server([&](const ReceivedRequest& request, Connection& to) {
        if (!request.line.starts_with("GET /first ")) {
            to.answer("second");
            return;
        }
        std::binary_semaphore never(0);
        for (const std::string& piece : oddity.pieces) {
            to.write(piece);
            static_cast<void>(
                never.try_acquire_for(30ms));  // so that it is no part of the next one's segment
        }
        if (oddity.closes) to.close();
        all_sent.release();
    });
    const auto transport = make_transport({.base_url = server.url()}, system_clock());
    const auto bounds = [] { return Bounds{.deadline = Deadline::after(system_clock().now(), 20s)}; };
    const auto first = transport->send({.target = "/first"}, bounds(), {});
    EXPECT_EQ(first.has_value(), !oddity.fails);
    if (first)
        EXPECT_EQ(first->body.view(), oddity.first);
    else
        EXPECT_THAT(first.error().message, HasSubstr(oddity.first));
    // What comes behind the second request only the server knows to be no answer to it.
    all_sent.acquire();
    const auto second = transport->send({.target = "/second"}, bounds(), {});
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_EQ(second->body.view(), "second");
    EXPECT_EQ(server.connections(), oddity.keeps_connection ? 1 : 2);
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst";
const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    Of, Framing,
    ::testing::Values(
        Oddity{.name = "AnInterimAnswer",
               .pieces = {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ok},
               .first = "first"},
        Oddity{
            .name = "ManyInterimAnswers",
            .pieces = {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 E\r\n\r\n",
                       "HTTP/1.1 199 X\r\nContent-Length: 7\r\n\r\n", ok},
            .first = "first"},
        Oddity{.name = "ASwitchOfProtocols",
               .pieces = {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", std::string(stray)},
               .first = "101",
               .fails = true},
        Oddity{.name = "ASecondAnswerInTheSamePiece", .pieces = {ok + std::string(stray)}, .first = "first"},
        Oddity{.name = "ASecondAnswerALittleLater", .pieces = {ok, std::string(stray)}, .first = "first"},
        Oddity{
            .name = "SurplusBehindTheLastChunk", .pieces = {chunked + std::string(stray)}, .first = "first"},
        Oddity{.name = "SurplusALittleBehindTheLastChunk",
               .pieces = {chunked, std::string(stray)},
               .first = "first"},
        Oddity{
            .name = "ABodyWith204",
            .pieces = {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "first" + std::string(stray)},
            .first = ""},
        Oddity{.name = "SurplusBehind204",
               .pieces = {"HTTP/1.1 204 No Content\r\n\r\n" + std::string(stray)},
               .first = ""},
        Oddity{.name = "ABodyWith304",
               .pieces = {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nfirst"},
               .first = ""},
        Oddity{.name = "LengthAndChunks",
               .pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: "
                          "chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n"},
               .first = "first"},
        Oddity{.name = "TwoLengths",
               .pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 2\r\n\r\nfirst"},
               .first = "expected one Content-Length",
               .fails = true},
        Oddity{.name = "AConnectionThatIsToBeClosedAndIsNot",
               .pieces = {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfirst",
                          std::string(stray)},
               .first = "first"},
        Oddity{.name = "Http10",
               .pieces = {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nfirst"},
               .first = "first"},
        Oddity{.name = "ABodyThatEndsWithTheConnection",
               .pieces = {"HTTP/1.1 200 OK\r\n\r\nfirst"},
               .first = "first",
               .closes = true},
        Oddity{.name = "ANormalAnswer", .pieces = {ok}, .first = "first", .keeps_connection = true},
        Oddity{.name = "NormalChunks", .pieces = {chunked}, .first = "first", .keeps_connection = true},
        Oddity{
            .name = "Trailers",
            .pieces =
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\nX-Sum: 1\r\n\r\n"},
            .first = "first",
            .keeps_connection = true}),
    [](const auto& of) { return of.param.name; });

class LateAnswer : public ::testing::Test {
  protected:
    /// Sends /first, which the server answers once `release` is called, and then /second.
    Result<Response> second_after(Nanos patience, std::stop_token cancel) {
        const auto transport = make_transport({.base_url = server.url()}, system_clock());
        const auto first = transport->send(
            {.target = "/first"}, {.deadline = Deadline::after(system_clock().now(), patience)}, cancel);
        EXPECT_FALSE(first);
        gate.release();
        return transport->send({.target = "/second"},
                               {.deadline = Deadline::after(system_clock().now(), 20s)}, {});
    }
    std::binary_semaphore gate{0}, arrived{0};
    ScriptedServer server{[this](const ReceivedRequest& request, Connection& to) {
        if (request.line.starts_with("GET /second ")) {
            to.answer("second");
            return;
        }
        arrived.release();
        gate.acquire();
        to.answer("first");
    }};
};

TEST_F(LateAnswer, BehindATimeOutIsNobodys) {
    const auto second = second_after(100ms, {});
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_EQ(second->body.view(), "second");
}

TEST_F(LateAnswer, ToACancelledRequestIsNobodys) {
    std::stop_source stop;
    std::jthread canceller([&] {
        arrived.acquire();
        stop.request_stop();
    });
    const auto second = second_after(20s, stop.get_token());
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_EQ(second->body.view(), "second");
}

}  // namespace
}  // namespace pagehaul::http
