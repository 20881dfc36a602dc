#include "http/transport.h"

#include <gtest/gtest.h>

#include <barrier>
#include <semaphore>
#include <thread>

#include "compressed.h"
#include "scripted_server.h"

namespace pagehaul::http {
namespace {

using testing::Connection;
using testing::gzipped;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using namespace std::chrono_literals;

std::unique_ptr<Transport> transport_to(const std::string& url, Millis connect = 5s, Nanos idle = 30s) {
    return make_transport({.base_url = url, .connect_timeout = connect, .idle_timeout = idle},
                          system_clock());
}

Bounds within(Nanos span) {
    return {.deadline = Deadline::after(system_clock().now(), span)};
}

/// Far above what a passing test needs: only a hang reaches it.
constexpr auto kGenerous = 20s;

TEST(Transport, ReturnsStatusLowerCaseHeadersAndBody) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.answer(R"({"code":0})", "X-Request-ID: 7\r\n", 201);
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/a"}, within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->header("x-request-id"), "7");
    EXPECT_EQ(response->body.view(), R"({"code":0})");
    EXPECT_GT(response->first_byte.count(), 0);
    EXPECT_GE(response->total, response->first_byte);
}

TEST(Transport, LeavesPaddingBehindEveryBody) {
    ScriptedServer server([](const ReceivedRequest& request, Connection& to) {
        to.answer(request.line.starts_with("GET /empty") ? "" : "[1]");
    });
    const auto transport = transport_to(server.url());
    for (const char* const target : {"/empty", "/full"}) {
        const auto response = transport->send({.target = target}, within(kGenerous), {});
        ASSERT_TRUE(response) << response.error().text();
        EXPECT_GE(response->body.capacity(), response->body.size() + Body::kPadding);
    }
}

TEST(Transport, SendsTargetHeadersAndBodyByteForByte) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.method = "POST",
                                           .target = "/a%2Fb/c%20d/?q=%E4%B8%AD%26&page=1&empty=",
                                           .headers = {{"Access-Token", "s3cr+t=="}},
                                           .body = R"({"page":1})",
                                           .content_type = "application/json"},
                                          within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    const ReceivedRequest seen = server.last();
    EXPECT_EQ(seen.line, "POST /a%2Fb/c%20d/?q=%E4%B8%AD%26&page=1&empty= HTTP/1.1");
    EXPECT_EQ(seen.headers.at("access-token"), "s3cr+t==");
    EXPECT_EQ(seen.headers.at("content-type"), "application/json");
    EXPECT_EQ(seen.headers.at("accept-encoding"), "gzip");
    EXPECT_EQ(seen.body, R"({"page":1})");
}

TEST(Transport, SendsALargeBodyWhole) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = transport_to(server.url());
    const std::string body(300'000, 'x');
    const auto response =
        transport->send({.method = "POST", .target = "/", .body = body}, within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(server.last().body, body);
}

TEST(Transport, ReusesItsConnection) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = transport_to(server.url());
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(transport->send({.target = "/"}, within(kGenerous), {}));
    }
    // A connection goes back to the pool a moment after its answer: another one may be opened meanwhile, on a
    // busy machine more often than once.
    EXPECT_LE(server.connections(), 10);
}

TEST(Transport, RepeatsARequestWhoseIdleConnectionTheServerHadClosed) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.answer("{}");  // keep-alive promised
        to.close();       // and broken
    });
    const auto transport = transport_to(server.url());
    for (int i = 0; i < 5; ++i) {
        const auto response =
            transport->send({.method = "POST", .target = "/", .body = "again"}, within(kGenerous), {});
        ASSERT_TRUE(response) << response.error().text();
        EXPECT_EQ(server.last().body, "again");
    }
}

TEST(Transport, ServesManyThreadsAtOnce) {
    ScriptedServer server([](const ReceivedRequest& request, Connection& to) { to.answer(request.body); });
    const auto transport = transport_to(server.url());
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < 8; ++caller) {
            callers.emplace_back([&, caller] {
                for (int i = 0; i < 25; ++i) {
                    const std::string body = std::to_string(caller) + ":" + std::to_string(i);
                    const auto response = transport->send({.method = "POST", .target = "/", .body = body},
                                                          within(kGenerous), {});
                    if (response && response->body.view() == body) ++right;
                }
            });
        }
    }
    EXPECT_EQ(right, 200);
}

TEST(Transport, ReadsAChunkedBody) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,\r\n2\r\n3]\r\n0\r\n\r\n");
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(response->body.view(), "[1,2,3]");
}

TEST(Transport, EndsAtTheDeadlineWhenTheServerTrickles) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        std::binary_semaphore never(0);
        while (!to.stopping() && to.write("x"))
            static_cast<void>(never.try_acquire_for(20ms));
        to.close();
    });
    const auto transport = transport_to(server.url());
    const auto before = system_clock().now();
    const auto response = transport->send({.target = "/"}, within(300ms), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
    EXPECT_LT(system_clock().now() - before, 10s);
}

TEST(Transport, EndsWhenNothingComesForTheIdleTimeout) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.wait_for_peer(); });
    const auto transport = transport_to(server.url(), 5s, 200ms);
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
    EXPECT_NE(response.error().message.find("200 ms"), std::string::npos) << response.error().message;
}

TEST(Transport, IsCancelledWithinASecondWhenTheServerNeverAnswers) {
    std::binary_semaphore arrived(0);
    ScriptedServer server([&](const ReceivedRequest&, Connection& to) {
        arrived.release();
        to.wait_for_peer();
    });
    const auto transport = transport_to(server.url());
    std::stop_source stop;
    MonoTime asked;
    std::jthread canceller([&] {
        arrived.acquire();
        asked = system_clock().now();
        stop.request_stop();
    });
    const auto response = transport->send({.target = "/"}, within(kGenerous), stop.get_token());
    const MonoTime ended = system_clock().now();
    canceller.join();
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::cancelled);
    EXPECT_LT(ended - asked, 10s);
}

TEST(Transport, SendsNothingWhenAlreadyCancelled) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = transport_to(server.url());
    std::stop_source stop;
    stop.request_stop();
    const auto response = transport->send({.target = "/"}, within(kGenerous), stop.get_token());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::cancelled);
    EXPECT_EQ(server.connections(), 0);
}

TEST(Transport, CallsAResetInTheMiddleOfABodyTransient) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[1,2");
        to.reset();
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
}

TEST(Transport, CallsAShortBodyTransient) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[1,2");
        to.close();
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
    EXPECT_NE(response.error().message.find("closed"), std::string::npos) << response.error().message;
}

TEST(Transport, DecodesGzip) {
    const std::string text(100'000, 'z');
    ScriptedServer server([&](const ReceivedRequest&, Connection& to) {
        to.answer(gzipped(text), "Content-Encoding: gzip\r\n");
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(response->body.view(), text);
    EXPECT_GE(response->body.capacity(), response->body.size() + Body::kPadding);
}

TEST(Transport, RefusesAGzipBombAtItsCap) {
    const std::string bomb = gzipped(std::string(8'000'000, '0'));
    ASSERT_LT(bomb.size(), 20'000U);
    ScriptedServer server(
        [&](const ReceivedRequest&, Connection& to) { to.answer(bomb, "Content-Encoding: gzip\r\n"); });
    const auto transport = transport_to(server.url());
    Bounds bounds = within(kGenerous);
    bounds.max_body = 1'000'000;
    std::size_t most = 0;
    bounds.reserve = [&](std::size_t bytes) {
        most = std::max(most, bytes);
        return true;
    };
    const auto response = transport->send({.target = "/"}, bounds, {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::permanent);
    EXPECT_NE(response.error().message.find("limits.body"), std::string::npos);
    EXPECT_LE(most, bounds.max_body + 1);
}

TEST(Transport, RefusesABodyOverItsCapAndSaysSo) {
    ScriptedServer server(
        [](const ReceivedRequest&, Connection& to) { to.answer(std::string(200'000, 'x')); });
    const auto transport = transport_to(server.url());
    Bounds bounds = within(kGenerous);
    bounds.max_body = 100'000;
    const auto response = transport->send({.target = "/"}, bounds, {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::permanent);
    EXPECT_NE(response.error().message.find("100000"), std::string::npos);
}

TEST(Transport, TakesABodyOfExactlyItsCap) {
    ScriptedServer server(
        [](const ReceivedRequest&, Connection& to) { to.answer(std::string(100'000, 'x')); });
    const auto transport = transport_to(server.url());
    Bounds bounds = within(kGenerous);
    bounds.max_body = 100'000;
    EXPECT_TRUE(transport->send({.target = "/"}, bounds, {}));
}

TEST(Transport, CallsARefusedReservationTransient) {
    ScriptedServer server(
        [](const ReceivedRequest&, Connection& to) { to.answer(std::string(200'000, 'x')); });
    const auto transport = transport_to(server.url());
    Bounds bounds = within(kGenerous);
    bounds.reserve = [](std::size_t bytes) { return bytes < 100'000; };
    const auto response = transport->send({.target = "/"}, bounds, {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
}

TEST(Transport, AnswersARedirectAsItIsAndCallsNobodyElse) {
    ScriptedServer other([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    ScriptedServer server([&](const ReceivedRequest&, Connection& to) {
        to.answer("", "Location: " + other.url() + "/steal\r\n", 302);
    });
    const auto transport = transport_to(server.url());
    const auto response =
        transport->send({.target = "/", .headers = {{"Access-Token", "secret"}}}, within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(response->status, 302);
    EXPECT_EQ(response->header("location"), other.url() + "/steal");
    EXPECT_EQ(other.connections(), 0);
}

TEST(Transport, CallsARefusedConnectionTransient) {
    const auto transport = transport_to("http://127.0.0.1:" + std::to_string(testing::unused_port()));
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
    EXPECT_NE(response.error().message.find("connect"), std::string::npos) << response.error().message;
}

TEST(Transport, RefusesHugeHeaders) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.answer("{}", "X-Huge: " + std::string(1'000'000, 'h') + "\r\n");
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::permanent);
    EXPECT_NE(response.error().message.find("headers"), std::string::npos);
}

TEST(Transport, CallsAnAnswerThatIsNotHttpTransient) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) {
        to.write("garbage\r\n\r\n");
        to.close();
    });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
}

TEST(Transport, RefusesAnEncodingItDidNotAskFor) {
    ScriptedServer server(
        [](const ReceivedRequest&, Connection& to) { to.answer("x", "Content-Encoding: br\r\n"); });
    const auto transport = transport_to(server.url());
    const auto response = transport->send({.target = "/"}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::permanent);
}

TEST(Transport, RefusesALineBreakInAHeaderBeforeAnythingIsSent) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = transport_to(server.url());
    const auto response =
        transport->send({.target = "/", .headers = {{"X-Id", "1\r\nX-Evil: 2"}}}, within(kGenerous), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::config);
    EXPECT_EQ(server.connections(), 0);
}

std::unique_ptr<Transport> through(const ScriptedServer& proxy, const std::string& user,
                                   const char* base_url) {
    return make_transport({.base_url = base_url, .proxy = "http://" + user + "@" + proxy.url().substr(7)},
                          system_clock());
}

TEST(Transport, SpeaksToTheProxyWithTheWholeUrlAndItsCredentials) {
    ScriptedServer proxy([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = through(proxy, "a%3Ab:c%40d", "http://api.invalid");
    const auto response = transport->send({.target = "/a?b=1"}, within(kGenerous), {});
    ASSERT_TRUE(response) << response.error().text();
    EXPECT_EQ(proxy.last().line, "GET http://api.invalid/a?b=1 HTTP/1.1");
    EXPECT_EQ(proxy.last().headers.at("proxy-authorization"), "Basic YTpiOmNAZA==");
}

TEST(Transport, TellsTheProxyItsCredentialsToOpenATunnelForHttps) {
    ScriptedServer proxy([](const ReceivedRequest&, Connection& to) { to.answer("no", "", 502); });
    const auto transport = through(proxy, "user:pass", "https://api.invalid");
    EXPECT_FALSE(transport->send({.target = "/"}, within(kGenerous), {}));
    EXPECT_EQ(proxy.last().line, "CONNECT api.invalid:443 HTTP/1.1");
    EXPECT_EQ(proxy.last().headers.at("proxy-authorization"), "Basic dXNlcjpwYXNz");
}

TEST(Transport, CallsAPeerThatDoesNotSpeakTlsTransient) {
    ScriptedServer server([](const ReceivedRequest&, Connection& to) { to.answer("{}"); });
    const auto transport = transport_to("https://127.0.0.1:" + std::to_string(server.port()));
    const auto response = transport->send({.target = "/"}, within(500ms), {});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::transient);
}

TEST(MakeTransport, NamesACaFileThatCannotBeRead) {
    try {
        make_transport({.base_url = "https://a.invalid", .ca_file = "/nonexistent/ca.pem"}, system_clock());
        FAIL() << "no failure";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.error().kind, ErrorKind::config);
        EXPECT_NE(failure.error().message.find("/nonexistent/ca.pem"), std::string::npos);
    }
}

}  // namespace
}  // namespace pagehaul::http
