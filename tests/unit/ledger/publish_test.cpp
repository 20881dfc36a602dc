#include <gtest/gtest.h>

#include "ledger/publish.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger {
namespace {

using testing::LedgerTest;
using testing::Process;

class Publishing : public LedgerTest {
  protected:
    Publishing() : worker(process()) { policy.publishes = true; }

    /// A slice of `rows`, pulled up to its proof, which is leased.
    Claim at_its_proof(std::int64_t rows) {
        for (;;) {
            polled(*worker);
            const auto claims = take(*worker);
            std::vector<PageResult> results;
            for (const Claim& claim : claims) {
                if (claim.is_proof()) return claim;
                results.push_back(page(claim, rows_of(claim.no, rows), told(claim.no, rows)));
            }
            commit(*worker, results);
        }
    }
    std::optional<ProofVerdict> prove_with(const Claim& proof, std::int64_t rows, const Publish& publish) {
        return ledger::prove(worker->work, worker->scope, policy,
                             {{.claim = proof, .reading = reading(rows)}}, publish)
            .front();
    }
    std::string slices() { return ask("SELECT string_agg(state || ' ' || pass, ',') FROM pagehaul.slice"); }

    std::unique_ptr<Process> worker;
};

TEST_F(Publishing, IsInTheTransactionThatProvesTheSlice) {
    db.exec("CREATE TABLE target (n int)");
    started(*worker);
    const Claim proof = at_its_proof(25);
    const auto verdict = prove_with(
        proof, 25,
        [&](postgres::Connection& connection, const Claim& of, const SliceSums& sums, const Proven& shown) {
            EXPECT_EQ(of.slice_id, proof.slice_id);
            EXPECT_EQ(sums.stored, 25);
            EXPECT_EQ(shown.by, "counts");
            connection.exec("INSERT INTO public.target VALUES (1)");
            EXPECT_EQ(ask("SELECT count(*) FROM target"), "0");
            return std::nullopt;
        });
    ASSERT_TRUE(verdict && std::holds_alternative<Proven>(*verdict));
    EXPECT_EQ(ask("SELECT count(*) FROM target"), "1");
    EXPECT_EQ(slices(), "proven 1");
}

TEST_F(Publishing, ThatFailsFailsTheSliceOrBeginsItsNextPass) {
    started(*worker);
    const Claim proof = at_its_proof(25);
    prove_with(proof, 25, [](auto&, auto&, auto&, auto&) { return Moved{"rows are gone"}; });
    EXPECT_EQ(slices(), "open 2");
    prove_with(at_its_proof(25), 25, [](auto&, auto&, auto&, auto&) { return Refuted{"it may not be"}; });
    EXPECT_EQ(slices(), "failed 2");
    EXPECT_EQ(ask("SELECT error FROM pagehaul.slice"), "it may not be");
}

TEST_F(Publishing, IsNotAskedForWhereTheSliceIsNotShownToBeWhole) {
    started(*worker);
    prove_with(at_its_proof(25), 26, [](auto&, auto&, auto&, auto&) -> std::optional<ProofVerdict> {
        ADD_FAILURE() << "published";
        return std::nullopt;
    });
    EXPECT_EQ(slices(), "open 2");
}

TEST_F(Publishing, OfASliceThatProvesItselfHasAClaimedProofToo) {
    started(*worker);
    const Claim proof = at_its_proof(3);
    EXPECT_TRUE(proves_itself(policy, proof.planned, proof.last_fetched));
    EXPECT_EQ(proof.total, 3);
}

TEST_F(Publishing, ASliceIsPublishedOnceWhateverRunItIsOf) {
    started(*worker);
    const Claim proof = at_its_proof(3);
    worker->work.begin();
    EXPECT_EQ(note_published(worker->work, worker->scope, proof, 3), Published::now);
    EXPECT_EQ(note_published(worker->work, worker->scope, proof, 3), Published::before);
    Claim another = proof;
    another.slice_params = "{}";
    EXPECT_EQ(note_published(worker->work, worker->scope, another, 3), Published::otherwise);
    worker->work.commit();
    EXPECT_EQ(ask("SELECT slice_key || rows || run_id FROM pagehaul.published"), "all31");
}

TEST_F(Publishing, WhatAnotherRunHasPublishedAsItIsIsNotPlannedAgain) {
    started(*worker, "k", {"a", "b", "c"});
    db.exec(
        "INSERT INTO pagehaul.published (pipeline, slice_key, params, run_id, rows) VALUES ('p', 'a', "
        "'{\"name\":\"a\"}', 77, 1), ('p', 'b', '{}', 77, 1), ('q', 'c', '{\"name\":\"c\"}', 77, 1)");
    const std::vector<PlannedSlice> all = request(*worker, "k", {"a", "b", "c"}).slices;
    const auto left = unpublished(worker->work, worker->scope, all, {""});
    ASSERT_EQ(left.size(), 2U);
    EXPECT_EQ(left[0].key + left[1].key, "bc");
    EXPECT_EQ(unpublished(worker->work, worker->scope, all, {""}, 77).size(), 3U) << "but by that run";
}

TEST_F(Publishing, AnUnfinishedRunIsAdoptedThoughItHasPublishedSomeOfItsSlices) {
    auto first = request(*worker, "k1", {"a", "b"});
    first.once = {""};
    started(*worker, first);
    db.exec(
        "INSERT INTO pagehaul.published (pipeline, slice_key, params, run_id, rows) VALUES ('p', 'a', "
        "'{\"name\":\"a\"}', " +
        std::to_string(worker->scope.run) + ", 1)");
    kill(worker);
    worker = process();
    auto second = request(*worker, "k2", {"a", "b"});
    second.once = {""};
    EXPECT_EQ(started(*worker, second).kind, Started::Kind::adopted);
}

TEST_F(Publishing, TheTablesOfRunsThatAreOverGo) {
    started(*worker);
    const std::string mine = staging_table(worker->scope, "public.t");
    Scope other = worker->scope;
    other.run = 4711;
    const std::string old = staging_table(other, "public.t");
    EXPECT_NE(mine, old);
    EXPECT_NE(mine, staging_table(worker->scope, "public.u"));
    db.exec("CREATE TABLE " + mine + " (); CREATE TABLE " + old +
            " (); CREATE TABLE pagehaul.staging_else ()");
    drop_staging(worker->work, worker->scope);
    EXPECT_EQ(
        ask("SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relname LIKE 'staging%'"),
        "staging_" + std::to_string(worker->scope.run) + mine.substr(mine.rfind('_'), 17) + ",staging_else");
}

}  // namespace
}  // namespace pagehaul::ledger
