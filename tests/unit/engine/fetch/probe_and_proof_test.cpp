#include <stdexcept>

#include "fetching.h"

namespace pagehaul::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FetchingTest;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Kind;
using ::testing::SizeIs;

class ProbeTest : public FetchingTest {
  protected:
    /// Page 1 is good, then the source goes down.
    void down_after_a_good_page() {
        transport.then_status(200, kFullPage);
        work({claim(1)});
        pages.drain();
        bring_source_down();
    }
    SourceState state() { return parts().health.state(shared.clock.now()); }
    bool another_probe_may_go() {
        shared.clock.advance(std::chrono::seconds(2));
        return parts().health.next_probe_at(shared.clock.now()).has_value();
    }
};

TEST_F(ProbeTest, ASourceThatIsDownIsAskedForWhatItAnsweredBefore) {
    down_after_a_good_page();
    work({claim(5)});
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?page=1", "/rows?page=1", "/rows?page=5"));
    EXPECT_THAT(stored(), SizeIs(1));
    EXPECT_EQ(state(), SourceState::up);
}

TEST_F(ProbeTest, WhileTheProbeFailsThePageIsNotAskedForAndCountsNothing) {
    down_after_a_good_page();
    transport.then_status(503);
    work({claim(5)});
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_EQ(transport.targets().back(), "/rows?page=1");
    EXPECT_EQ(state(), SourceState::down);
    EXPECT_TRUE(another_probe_may_go());
}

TEST_F(ProbeTest, AProbeThatIsThrottledLetsEverybodyWaitAndTheSourceStaysDown) {
    down_after_a_good_page();
    transport.then_status(429, "{}", {{"retry-after", "90"}});
    work({claim(5)});
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_EQ(parts().limiter.paused_until(), shared.clock.now() + std::chrono::seconds(90));
    EXPECT_EQ(state(), SourceState::down);
    EXPECT_TRUE(another_probe_may_go());
}

TEST_F(ProbeTest, WithoutAKnownGoodRequestThePageItselfIsTheProbe) {
    bring_source_down();
    transport.then_status(503);
    work({claim(5)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_FALSE(setback().counts);
    EXPECT_TRUE(another_probe_may_go());
}

TEST_F(ProbeTest, OneProbeAtATimeOthersAreReturned) {
    bring_source_down();
    ASSERT_TRUE(parts().health.begin_probe(shared.clock.now()));
    work({claim(5)});
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_THAT(transport.targets(), IsEmpty());
}

class ProbeEnds : public ProbeTest, public ::testing::WithParamInterface<ErrorKind> {};

TEST_P(ProbeEnds, WhateverHappensToItAnotherMayGo) {
    bring_source_down();
    transport.then_fail(GetParam(), "what went wrong");
    work({claim(5)});
    EXPECT_TRUE(state() == SourceState::up || another_probe_may_go());
}
INSTANTIATE_TEST_SUITE_P(Each, ProbeEnds,
                         ::testing::Values(ErrorKind::transient, ErrorKind::throttled, ErrorKind::permanent,
                                           ErrorKind::data, ErrorKind::config, ErrorKind::cancelled,
                                           ErrorKind::bug));

TEST_F(ProbeTest, AProbeThatThrowsLetsAnotherOneGo) {
    down_after_a_good_page();
    transport.then([](const http::Request&, std::stop_token) -> Result<http::Response> {
        throw std::runtime_error("a bug");
    });
    work({claim(5)});
    EXPECT_TRUE(another_probe_may_go());
}

class ProofTest : public FetchingTest {
  protected:
    ledger::ProofReading reading() {
        if (proofs.size() == 1) return proofs.front().reading;
        ADD_FAILURE() << "expected one proof, there are " << proofs.size();
        return {};
    }
};

TEST_F(ProofTest, ReadsTheTotalOfPage1Again) {
    transport.then_status(200, kFullPage);
    work({proof(2, 1)});
    EXPECT_EQ(reading().total, 4);
    EXPECT_EQ(reading().rows_beyond_end, 0);
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?page=1"));
    EXPECT_THAT(stored(), IsEmpty());
}

TEST_F(ProofTest, LooksBehindAFullLastPage) {
    transport.then_status(200, kFullPage);
    work({proof(2, 2)});
    EXPECT_EQ(reading().rows_beyond_end, 2);
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?page=1", "/rows?page=3"));
}

class ARefusalBehindTheEnd : public ProofTest, public ::testing::WithParamInterface<int> {};

TEST_P(ARefusalBehindTheEnd, ShowsNothingAndEndsNothing) {
    shared.config.source.retry.attempts = 1;
    transport.then_status(200, kFullPage);
    transport.then_status(GetParam());
    work({proof(2, 2)});
    EXPECT_EQ(reading().rows_beyond_end, 0);
    const std::string status = std::to_string(GetParam());
    EXPECT_THAT(reading().end_refused,
                AllOf(HasSubstr("page 3, behind the last one, is refused: HTTP status " + status),
                      HasSubstr("{when: {status: [" + status + "]}, then: end}")));
    EXPECT_EQ(shared.stop.cause(), StopCause::none);
    EXPECT_THAT(setbacks, IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(Each, ARefusalBehindTheEnd, ::testing::Values(400, 404, 401, 403, 500, 503));

TEST_F(ProofTest, AnEmptyPageBehindTheLastOneShowsTheEnd) {
    transport.then_status(200, kFullPage);
    transport.then_status(200, R"({"total": 4, "rows": []})");
    work({proof(2, 2)});
    EXPECT_THAT(reading().end_refused, IsEmpty());
}

TEST_F(ProofTest, ARefusalThatARuleCallsTheEndShowsIt) {
    config::Rule rule;
    rule.when = {config::Condition{.status = {{400, 400}}}};
    rule.then = config::RuleAction::end;
    shared.config.source.response.rules = {rule};
    transport.then_status(200, kFullPage);
    transport.then_status(400);
    work({proof(2, 2)});
    EXPECT_THAT(reading().end_refused, IsEmpty());
}

TEST_F(ProofTest, WhatFailsBehindTheEndIsTriedAgainAsLongAsThereAreAttempts) {
    transport.then_status(200, kFullPage);
    transport.then_fail(ErrorKind::transient, "connection reset");
    work({proof(2, 2)});
    EXPECT_EQ(setback().kind, Kind::again);
    transport.then_status(200, kFullPage);
    transport.then_fail(ErrorKind::transient, "connection reset");
    ledger::Claim last = proof(2, 2);
    last.attempts = 2;
    work({last});
    EXPECT_THAT(reading().end_refused, HasSubstr("connection reset"));
}

TEST_F(ProofTest, AnExpiredCredentialIsReadAgainBeforeItsRefusalIsTakenForOneOfThePage) {
    shared.config.source.auth = config::AuthBearer{.token = {.value = "old", .source = "${file:/run/token}"}};
    reread = [](const config::Secret& secret) {
        return Result<config::Secret>(config::Secret{.value = "new", .source = secret.source});
    };
    transport.then_status(200, kFullPage);
    transport.then_status(401);
    work({proof(2, 2)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_THAT(proofs, IsEmpty());
}

TEST_F(ProofTest, ARefusalOfPage1RefusesTheProof) {
    transport.then_status(404);
    work({proof(2, 1)});
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_THAT(proofs, IsEmpty());
}

TEST_F(ProofTest, AFailedReadingIsTriedAgain) {
    transport.then_status(200, kFullPage);
    transport.then_status(500);
    work({proof(2, 2)});
    EXPECT_EQ(setback().kind, Kind::again);
    EXPECT_THAT(proofs, IsEmpty());
}

class ProofWithoutTotal : public ProofTest {
  protected:
    ProofWithoutTotal() {
        shared.config.source.pagination.total.reset();
        shared.context.policies.only().total = ledger::Policy::Known::nothing;
    }
};

TEST_F(ProofWithoutTotal, ReadsBothEmptyPagesAgain) {
    transport.then_status(200, R"({"rows": []})");
    work({proof(3, 1)});
    EXPECT_EQ(reading().rows_beyond_end, 0);
    EXPECT_THAT(transport.targets(), ElementsAre("/rows?page=4", "/rows?page=5"));
}

TEST_F(ProofWithoutTotal, ARefusalIsNoEmptyPage) {
    transport.then_status(200, R"({"rows": []})");
    transport.then_status(400);
    work({proof(3, 1)});
    EXPECT_THAT(reading().end_refused, HasSubstr("page 5, behind the last one, is refused: HTTP status 400"));
}

TEST_F(ProofWithoutTotal, ARefusalThatARuleCallsTheEndIsOne) {
    config::Rule rule;
    rule.when = {config::Condition{.status = {{400, 400}}}};
    rule.then = config::RuleAction::end;
    shared.config.source.response.rules = {rule};
    transport.then_status(400);
    work({proof(3, 1)});
    EXPECT_EQ(reading().rows_beyond_end, 0);
    EXPECT_THAT(reading().end_refused, IsEmpty());
}

TEST_F(ProofWithoutTotal, APageThatAloneIsRefusedWithCredentialsThatGetOthersRefusesNoCredential) {
    transport.then_status(200, R"({"rows": []})");
    work({claim(1)});
    transport.then_status(403);
    transport.then_status(200, R"({"rows": []})");
    work({claim(12)});
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_THAT(setback().error,
                AllOf(HasSubstr("the same credentials get other pages"), HasSubstr("then: end}")));
    EXPECT_EQ(shared.stop.cause(), StopCause::none);
}

TEST_F(ProofWithoutTotal, ACredentialThatIsRefusedEverywhereStopsTheRun) {
    transport.then_status(200, R"({"rows": []})");
    work({claim(1)});
    transport.then_status(403);
    work({claim(12)});
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_EQ(shared.stop.cause(), StopCause::credential);
}

TEST_F(ProofWithoutTotal, ARefusedPageNamesTheRuleThatWouldMakeItTheEnd) {
    transport.then_status(400);
    work({claim(12)});
    EXPECT_THAT(setback().error, HasSubstr("{when: {status: [400]}, then: end}"));
}

}  // namespace
}  // namespace pagehaul::engine
