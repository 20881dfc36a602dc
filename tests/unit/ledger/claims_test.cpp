// src/ledger/README.md, "Invariants" and "Claims": what is claimed, and what a lost lease may still do.
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Claims : public LedgerTest {
  protected:
    std::int64_t slice_id() { return std::stoll(ask("SELECT id FROM pagehaul.slice")); }
};

TEST_F(Claims, PagesComeBySliceAndNumber) {
    auto worker = process();
    started(*worker, "k", {"a", "b"});
    const auto first = take(*worker);
    ASSERT_EQ(first.size(), 2U);
    commit(*worker, {page(first[1], 10, 30)});
    commit(*worker, {page(first[0], 10, 40)});
    std::string order;
    for (const int limit : {2, 1, 10})
        for (const Claim& claim : take(*worker, limit))
            order += claim.slice_key + std::to_string(claim.no) + " ";
    EXPECT_EQ(order, "a2 a3 a4 b2 b3 ");
}

TEST_F(Claims, PagesBehindThePlaceComeFirstAndThenThoseBeforeIt) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 60)});
    const auto from_three = [&](int limit) {
        std::string order;
        for (const Claim& claim :
             claim(worker->work, worker->scope, limit, true, Due::now, {.slice_id = slice_id(), .no = 3}))
            order += std::to_string(claim.no) + " ";
        return order;
    };
    EXPECT_EQ(from_three(2), "4 5 ");
    EXPECT_EQ(from_three(3), "6 2 3 ");
}

TEST_F(Claims, EachRaisesThePagesEpoch) {
    auto worker = process();
    started(*worker);
    for (int epoch = 1; epoch <= 3; ++epoch) {
        const auto claims = take(*worker);
        ASSERT_EQ(claims.size(), 1U);
        EXPECT_EQ(claims[0].epoch, epoch);
        record(worker->work, worker->scope,
               {{.claim = claims[0], .kind = Setback::Kind::returned, .error = "", .payload = ""}});
    }
}

TEST_F(Claims, WhoHoldsAnOlderEpochStoresNothingAndRecordsNothing) {
    auto worker = process();
    started(*worker);
    Claim old = take(*worker).at(0);
    --old.epoch;
    EXPECT_EQ(commit(*worker, {page(old, 5, 5)}), 0);
    EXPECT_EQ(record(worker->work, worker->scope,
                     {{.claim = old, .kind = Setback::Kind::refused, .error = "404", .payload = ""}}),
              0);
    EXPECT_EQ(pages(), "1 leased");
}

TEST_F(Claims, WhoHoldsAnOlderEpochProvesNothing) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 10)});
    polled(*worker);
    Claim proof = take(*worker).at(0);
    ASSERT_TRUE(proof.is_proof());
    --proof.epoch;
    EXPECT_FALSE(prove(*worker, proof, reading(10)));
    EXPECT_EQ(ask("SELECT state FROM pagehaul.slice"), "open");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
