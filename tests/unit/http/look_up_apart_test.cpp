#include "http/look_up_apart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pagehaul::http {
namespace {

using ::testing::HasSubstr;

class Counting final : public Transport {
  public:
    explicit Counting(int& sent) : sent_(sent) {}
    Result<Response> send(const Request&, const Bounds&, std::stop_token) override {
        ++sent_;
        Response response;
        response.status = 200;
        return response;
    }

  private:
    int& sent_;
};

struct LookUp : ::testing::Test {
    Result<Response> send_to(const std::string& host, Nanos within, std::stop_token cancel = {}) {
        const auto transport = look_up_apart(std::make_unique<Counting>(sent), host, system_clock());
        const Bounds bounds{
            .deadline = Deadline::after(system_clock().now(), within), .max_body = 1, .reserve = {}};
        return transport->send({}, bounds, cancel);
    }
    int sent = 0;
};

TEST_F(LookUp, AnAddressNeedsNone) {
    for (const char* address : {"127.0.0.1", "::1"})
        EXPECT_TRUE(send_to(address, Nanos{0})) << address;
    EXPECT_EQ(sent, 2);
}

TEST_F(LookUp, ANameThatResolvesIsSentTo) {
    EXPECT_TRUE(send_to("localhost", std::chrono::seconds(60)));
    EXPECT_EQ(sent, 1);
}

TEST_F(LookUp, ANameThatDoesNotResolveIsNeverLeftToTheLibrary) {
    const auto answer = send_to("no-such-host.invalid", std::chrono::milliseconds(500));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::transient);
    EXPECT_THAT(answer.error().message, HasSubstr("no-such-host.invalid"));
    EXPECT_EQ(sent, 0);
}

}  // namespace
}  // namespace pagehaul::http
