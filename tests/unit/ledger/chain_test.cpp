// Pages that tell of the next one: src/ledger/README.md, "Chains".
#include "ledger/chain.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Chains : public LedgerTest {
  protected:
    Chains() {
        policy.linked = true;
        policy.total = Policy::Known::nothing;
    }
    /// Page `claim` of a chain, which tells of the next one unless `next` is empty.
    static PageResult link(const Claim& claim, const std::string& next, int fetched = 10) {
        PageResult result = page(claim, fetched);
        if (!next.empty()) result.next = next;
        return result;
    }
    /// The page behind `before`, fetched and not committed.
    static Claim behind(const PageResult& before) {
        Claim claim = before.claim;
        claim.page_id = claim.epoch = 0;
        claim.token = *before.next;
        ++claim.no;
        return claim;
    }
    /// One commit. @return the heads that it leased; nothing where none of the pages is ours
    std::vector<Claim> store(Process& process, const std::vector<PageResult>& results) {
        std::vector<Claim> claims;
        for (const PageResult& result : results)
            claims.push_back(result.claim);
        const auto ours = begin_commit(process.work, process.scope, claims);
        std::vector<const PageResult*> kept;
        for (std::size_t i = 0; i < results.size(); ++i)
            if (ours && (*ours)[i]) kept.push_back(&results[i]);
        auto heads = complete(process.work, process.scope, policy, kept);
        process.work.commit();
        return heads;
    }
    std::string tokens() {
        return ask("SELECT string_agg(coalesce(token, '-'), ' ' ORDER BY no) FROM pagehaul.page");
    }
    std::string sums() {
        return ask(
            "SELECT concat_ws(' ', sum(pending), sum(leased), sum(done), sum(fetched)) FROM "
            "pagehaul.run_tally");
    }
};

TEST_F(Chains, ACommitLeasesTheNextPageWithItsToken) {
    auto worker = process();
    started(*worker);
    const auto heads = store(*worker, {link(take(*worker).at(0), "\"b\"")});
    ASSERT_EQ(heads.size(), 1U);
    EXPECT_EQ(heads[0].no, 2);
    EXPECT_EQ(heads[0].token, "\"b\"");
    EXPECT_EQ(heads[0].slice_key, "all");
    EXPECT_EQ(pages(), "1 done, 2 leased");
    EXPECT_EQ(sums(), "0 1 1 10");
    EXPECT_THAT(take(*worker), IsEmpty()) << "there is one page of a chain at a time, and it is taken";
}

TEST_F(Chains, PagesFetchedAheadAreStoredInOneCommitWithTheHead) {
    auto worker = process();
    started(*worker);
    const PageResult one = link(take(*worker).at(0), "b");
    const PageResult two = link(behind(one), "c");
    const PageResult three = link(behind(two), "d", 7);
    const auto heads = store(*worker, {one, two, three});
    ASSERT_EQ(heads.size(), 1U);
    EXPECT_EQ(heads[0].no, 4);
    EXPECT_EQ(pages(), "1 done, 2 done, 3 done, 4 leased");
    EXPECT_EQ(tokens(), "- b c d");
    EXPECT_EQ(sums(), "0 1 3 27");
    store(*worker, {link(heads[0], "")});
    EXPECT_EQ(polled(*worker).pages_pending, 1) << "the proof";
}

TEST_F(Chains, WhoLostTheHeadStoresNothingOfWhatIsBehindIt) {
    auto slow = process();
    started(*slow);
    const PageResult one = link(take(*slow).at(0), "b");
    db.exec("UPDATE pagehaul.page SET epoch = epoch + 1");
    EXPECT_THAT(store(*slow, {one, link(behind(one), "c")}), IsEmpty());
    EXPECT_EQ(pages(), "1 leased");
}

TEST_F(Chains, TheNextProcessGoesOnAtTheHead) {
    auto dead = process();
    started(*dead);
    const PageResult one = link(take(*dead).at(0), "b");
    store(*dead, {one, link(behind(one), "c")});
    kill(dead);
    auto next = process();
    started(*next);
    const auto claims = take(*next);
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_EQ(claims[0].no, 3);
    EXPECT_EQ(claims[0].token, "c");
}

TEST_F(Chains, OfOnePageProvesItselfByTheApisWord) {
    auto worker = process();
    started(*worker);
    store(*worker, {link(take(*worker).at(0), "")});
    const RunState state = polled(*worker);
    EXPECT_EQ(state.status, RunStatus::succeeded);
    EXPECT_EQ(state.proof, "chain");
}

TEST_F(Chains, OfSeveralIsProvenByTheProofPageWithoutATotal) {
    auto worker = process();
    started(*worker);
    const auto heads = store(*worker, {link(take(*worker).at(0), "b")});
    store(*worker, {link(heads.at(0), "", 3)});
    polled(*worker);
    const auto proof = take(*worker);
    ASSERT_EQ(proof.size(), 1U);
    const auto verdict = prove(*worker, proof[0], {});
    ASSERT_TRUE(verdict && std::holds_alternative<Proven>(*verdict));
    EXPECT_EQ(std::get<Proven>(*verdict).by, "chain");
    EXPECT_EQ(polled(*worker).proof, "chain");
}

TEST_F(Chains, ATokenThatWasToldBeforeEndsThePassWhereverItStood) {
    auto worker = process();
    started(*worker);
    const PageResult one = link(take(*worker).at(0), "b");
    const PageResult two = link(behind(one), "c");
    const auto heads = store(*worker, {one, two});
    const PageResult three = link(heads.at(0), "b");
    EXPECT_THAT(store(*worker, {three, link(behind(three), "c")}), IsEmpty());
    EXPECT_EQ(pages(), "1 done, 2 done, 3 done") << "what is behind it is page 2 once more";
    const RunState state = polled(*worker);
    ASSERT_EQ(state.news.size(), 1U);
    EXPECT_EQ(state.news[0].why, "page 3 told the token of page 2 again");
    EXPECT_EQ(pages(), "1 pending") << "of the next pass";
}

TEST_F(Chains, ATokenThatIsToldTwiceInOneCommitToo) {
    auto worker = process();
    started(*worker);
    const PageResult one = link(take(*worker).at(0), "b");
    const PageResult two = link(behind(one), "c");
    const PageResult three = link(behind(two), "b");
    const PageResult four = link(behind(three), "c");
    EXPECT_THAT(store(*worker, {one, two, three, four}), IsEmpty());
    EXPECT_EQ(pages(), "1 done, 2 done, 3 done");
}

TEST_F(Chains, APageThatShowsThatThePassLeadsNowhereEndsIt) {
    auto worker = process();
    started(*worker);
    PageResult one = link(take(*worker).at(0), "b");
    one.moved = "the same again";
    EXPECT_THAT(store(*worker, {one}), IsEmpty());
    EXPECT_EQ(polled(*worker).news.at(0).why, "the same again");
}

TEST_F(Chains, ARefusedTokenBeginsTheNextPass) {
    auto worker = process();
    started(*worker);
    const auto heads = store(*worker, {link(take(*worker).at(0), "b")});
    record(worker->work, worker->scope,
           {{.claim = heads.at(0), .kind = Setback::Kind::moved, .error = "expired", .payload = ""}});
    EXPECT_EQ(pages(), "1 done, 2 pending");
    EXPECT_EQ(polled(*worker).news.at(0).why, "expired");
    EXPECT_EQ(pages(), "1 pending");
    EXPECT_EQ(ask("SELECT pass FROM pagehaul.slice"), "2");
}

TEST_F(Chains, AnEndlessOneEndsAtMaxPages) {
    policy.max_pages = 2;
    auto worker = process();
    started(*worker);
    const auto heads = store(*worker, {link(take(*worker).at(0), "b")});
    EXPECT_THAT(store(*worker, {link(heads.at(0), "c")}), IsEmpty());
    const RunState state = polled(*worker);
    EXPECT_EQ(state.slices_failed, 1);
    EXPECT_THAT(state.failures.at(0),
                HasSubstr("page 2 tells of a next one, source.pagination.max_pages allows 2"));
}

TEST_F(Chains, OfASliceThatFailedMeanwhileNobodyLeasesTheNextPage) {
    auto worker = process();
    started(*worker);
    PageResult one = link(take(*worker).at(0), "b");
    one.slice_error = "wrong key";
    EXPECT_THAT(store(*worker, {one}), IsEmpty());
    EXPECT_EQ(pages(), "1 done");
}

TEST_F(Chains, AfterALostAnswerPagesWithoutARowAreAsTheOneBeforeThem) {
    auto worker = process();
    started(*worker);
    const PageResult one = link(take(*worker).at(0), "b");
    const PageResult two = link(behind(one), "c");
    EXPECT_THAT(resolve(worker->work, worker->scope, {one.claim, two.claim}),
                ::testing::ElementsAre(Resolution::again, Resolution::again));
    store(*worker, {one, two});
    EXPECT_THAT(resolve(worker->work, worker->scope, {one.claim, two.claim}),
                ::testing::ElementsAre(Resolution::committed, Resolution::committed));
}

TEST_F(Chains, ATotalThatIsToldIsCountedAgainst) {
    policy.total = Policy::Known::rows;
    auto worker = process();
    started(*worker);
    PageResult one = link(take(*worker).at(0), "b");
    one.total = 15;
    const auto heads = store(*worker, {one});
    store(*worker, {link(heads.at(0), "", 5)});
    polled(*worker);
    const auto verdict = prove(*worker, take(*worker).at(0), {.total = 15});
    EXPECT_EQ(std::get<Proven>(verdict.value()).by, "counts");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
