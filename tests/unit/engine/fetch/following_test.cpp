// A fetch worker follows a chain: src/engine/README.md, "Chains".
#include "fetching.h"

namespace pagehaul::engine {
namespace {

using ::testing::ElementsAre;
using testing::FetchingTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using ::testing::SizeIs;

class Following : public FetchingTest {
  protected:
    Following() {
        config::Source& source = shared.config.source;
        source.request.query = {{"after", config::Parameter{.texts = {"{{ page.token }}"}}}};
        source.pagination.type = config::PaginationType::cursor;
        source.pagination.token = config::Token{.pointer = "/next", .header = {}, .last = {}};
        source.pagination.total.reset();
        shared.context.policies.only().linked = true;
        shared.context.policies.only().total = ledger::Policy::Known::nothing;
    }
    /// A page of one row that tells `next`, JSON.
    static std::string telling(int id, const std::string& next) {
        return R"({"next": )" + next + R"(, "rows": [{"id": )" + std::to_string(id) + R"(, "note": ""}]})";
    }
    /// The writers have stored what they were given, and the chain goes on at `head`.
    void commit(const ledger::Claim& head) {
        for (FetchedPage& page : stored()) {
            page.chain->lead(head);
            written.push_back(std::move(page));
        }
    }
    void then_page(int id, const std::string& next) { transport.then_status(200, telling(id, next)); }

    std::vector<FetchedPage> written;
};

TEST_F(Following, AsksForPageAfterPageAndWaitsForNoCommit) {
    then_page(1, R"("b")");
    then_page(2, R"("c&")");
    then_page(3, "null");
    work({claim(1)});
    EXPECT_THAT(transport.targets(), ElementsAre("/rows", "/rows?after=b", "/rows?after=c%26"));
    const auto got = stored();
    ASSERT_THAT(got, SizeIs(1)) << "the others wait for its commit";
    EXPECT_EQ(got[0].result.next, R"("b")");
    EXPECT_TRUE(got[0].urgent);
    got[0].chain->lead(claim(2));
    const auto behind = got[0].chain->next();
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->result.claim.page_id, 102);
    ASSERT_THAT(behind->followers, SizeIs(1));
    EXPECT_EQ(behind->followers[0].result.next, std::nullopt);
    EXPECT_THAT(setbacks, IsEmpty());
}

TEST_F(Following, GoesOnFromTheTokenOfTheClaim) {
    then_page(7, "null");
    ledger::Claim seventh = claim(7);
    seventh.token = R"("g")";
    work({seventh});
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?after=g"));
    EXPECT_THAT(stored(), SizeIs(1));
}

TEST_F(Following, AFailureIsRecordedInItsOwnRowOnceThePagesBeforeAreCommitted) {
    then_page(1, R"("b")");
    transport.then([this](const http::Request&, std::stop_token) {
        commit(claim(2));
        http::Response response;
        response.status = 503;
        response.body = http::Body::of("{}");
        return Result<http::Response>(std::move(response));
    });
    work({claim(1)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_EQ(setback().claim.page_id, 102);
    EXPECT_EQ(setback().claim.no, 2);
}

TEST_F(Following, AFreshTokenThatIsRefusedRefusesItsPage) {
    then_page(1, R"("b")");
    transport.then([this](const http::Request&, std::stop_token) {
        commit(claim(2));
        http::Response response;
        response.status = 400;
        response.body = http::Body::of("{}");
        return Result<http::Response>(std::move(response));
    });
    work({claim(1)});
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_EQ(setback().claim.page_id, 102);
}

TEST_F(Following, AnOldTokenThatIsRefusedBeginsAnotherPass) {
    transport.then_status(400, "{}");
    ledger::Claim third = claim(3);
    third.token = R"("c")";
    work({third});
    EXPECT_EQ(setback().kind, Kind::moved);
    EXPECT_THAT(setback().error, HasSubstr("page 3 is refused with the token that was told for it before"));
}

TEST_F(Following, ATokenThatIsToldAgainAtOnceIsNotFollowed) {
    then_page(1, R"("b")");
    then_page(2, R"("b")");
    work({claim(1)});
    EXPECT_THAT(transport.targets(), SizeIs(2));
    const auto got = stored();
    got.at(0).chain->lead(claim(2));
    EXPECT_THAT(got.at(0).chain->next()->result.moved.value(), HasSubstr("told its own token again"));
}

TEST_F(Following, ThePageBeforeOnceMoreIsNotFollowed) {
    then_page(1, R"("b")");
    then_page(1, R"("c")");
    work({claim(1)});
    EXPECT_THAT(transport.targets(), SizeIs(2));
}

TEST_F(Following, TheProofOfAChainWithoutATotalAsksForNothing) {
    work({proof(3, 1)});
    EXPECT_THAT(transport.targets(), IsEmpty());
    EXPECT_THAT(proofs, SizeIs(1));
}

TEST_F(Following, OnceTheChainIsLostGoesOnWithOtherWork) {
    then_page(1, R"("b")");
    transport.then([this](const http::Request&, std::stop_token) {
        for (FetchedPage& page : stored()) {
            page.chain->end();
            written.push_back(std::move(page));
        }
        http::Response response;
        response.status = 200;
        response.body = http::Body::of(telling(2, R"("c")"));
        return Result<http::Response>(std::move(response));
    });
    then_page(9, "null");
    ledger::Claim other = claim(1);
    other.slice_id = 2;
    work({claim(1), other});
    EXPECT_THAT(transport.targets(), ElementsAre("/rows", "/rows?after=b", "/rows"));
    EXPECT_THAT(setbacks, IsEmpty());
}

}  // namespace
}  // namespace pagehaul::engine
