#include <stdexcept>

#include "fetching.h"

namespace pagehaul::engine {
namespace {

using ::testing::ElementsAre;
using testing::FetchingTest;
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
    transport.then_status(429, "{}", {{"retry-after", "9"}});
    work({claim(5)});
    EXPECT_EQ(setback().kind, Kind::returned);
    EXPECT_EQ(parts().limiter.paused_until(), shared.clock.now() + std::chrono::seconds(9));
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

TEST_F(ProofTest, ARefusalBehindTheToldEndDisprovesNothing) {
    transport.then_status(200, kFullPage);
    transport.then_status(404);
    work({proof(2, 2)});
    EXPECT_EQ(reading().rows_beyond_end, 0);
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
        shared.context.policy.total = ledger::Policy::Known::nothing;
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
    EXPECT_EQ(setback().kind, Kind::refused);
    EXPECT_THAT(proofs, IsEmpty());
}

TEST_F(ProofWithoutTotal, ARefusalThatARuleCallsTheEndIsOne) {
    config::Rule rule;
    rule.status = {400};
    rule.then = config::RuleAction::end;
    shared.config.source.response.rules = {rule};
    transport.then_status(400);
    work({proof(3, 1)});
    EXPECT_EQ(reading().rows_beyond_end, 0);
}

}  // namespace
}  // namespace pagehaul::engine
