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

TEST_F(Claims, ByHintsLeaseWhatIsPendingAndDueAndNothingElse) {
    auto worker = process();
    auto other = process();
    started(*worker);
    started(*other);
    commit(*worker, {page(take(*worker).at(0), 10, 80)});
    const auto hint = [&](std::int64_t no) { return Place{.slice_id = slice_id(), .no = no}; };
    ASSERT_EQ(claim_hinted(other->work, other->scope, {hint(3)}).size(), 1U);
    db.exec("UPDATE pagehaul.page SET not_before = clock_timestamp() + interval '1 h' WHERE no = 4");
    db.exec("UPDATE pagehaul.page SET claims = 2 WHERE no = 5");
    std::string leased;
    for (const Claim& claim : claim_hinted(worker->work, worker->scope,
                                           {hint(7), hint(1), hint(3), hint(4), hint(5), hint(6), hint(6),
                                            hint(99), Place{.slice_id = 999, .no = 1}}))
        leased += std::to_string(claim.no) + " ";
    EXPECT_EQ(leased, "6 7 ");
    EXPECT_TRUE(claim_hinted(worker->work, worker->scope, {}).empty());
}

TEST_F(Claims, WhoTellsOthersOfPagesIsTheEldestProcessThatLives) {
    auto first = process();
    auto second = process();
    started(*first);
    started(*second);
    commit(*first, {page(take(*first).at(0), 10, 40)});
    const auto due = due_pages(first->work, first->scope, 2);
    ASSERT_TRUE(due);
    EXPECT_EQ(*due, (std::vector<Place>{{slice_id(), 2}, {slice_id(), 3}}));
    EXPECT_FALSE(due_pages(second->work, second->scope, 2));
    take(*second, 1);
    EXPECT_EQ(due_pages(first->work, first->scope, 9),
              (std::vector<Place>{{slice_id(), 3}, {slice_id(), 4}}));
    kill(first);
    EXPECT_EQ(due_pages(second->work, second->scope, 1), (std::vector<Place>{{slice_id(), 3}}));
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
