// Slices of several streams, and slices that another stream's records make: src/ledger/README.md, "Streams".
#include "ledger/children.h"
#include "ledger/finalise.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using ::testing::ElementsAre;

/// Orders, of which each record may make a slice of items; an order's items are one page.
class Streams : public LedgerTest {
  protected:
    Streams() {
        Policy orders;
        orders.page_size = 2;
        Policy items;
        items.one_request = true;
        items.total = Policy::Known::nothing;
        policies.add("orders", orders);
        policies.add("items", items);
    }

    std::unique_ptr<Process> begun() {
        auto worker = process();
        StartRequest wanted = request(*worker, "k");
        wanted.slices = {{.key = "orders/all", .params = "{}", .stream = "orders"}};
        wanted.parameters = {{"orders", {}}, {"items", {"order"}}};
        started(*worker, wanted);
        return worker;
    }
    static PlannedSlice item(const std::string& order) {
        return {.key = "items/order=" + order,
                .params = R"({"order":")" + order + "\"}",
                .stream = "items",
                .is_child = true};
    }
    /// A page that is fetched whole.
    static PageResult of(const Claim& claim, int rows, std::optional<std::int64_t> total,
                         std::vector<PlannedSlice> children = {}) {
        PageResult result = page(claim, rows, total.value_or(0));
        result.total = total;
        result.children = std::move(children);
        return result;
    }
    void store(Process& worker, const std::vector<PageResult>& results) {
        std::vector<Claim> claims;
        for (const PageResult& result : results)
            claims.push_back(result.claim);
        const auto ours = begin_commit(worker.work, worker.scope, claims);
        ASSERT_TRUE(ours);
        std::vector<const PageResult*> kept;
        for (std::size_t i = 0; i < results.size(); ++i)
            if ((*ours)[i]) kept.push_back(&results[i]);
        complete(worker.work, worker.scope, policies, kept);
        worker.work.commit();
    }
    std::string slices() {
        return ask(
            "SELECT string_agg(concat_ws(' ', key, stream, state, is_child), ', ' ORDER BY key) FROM "
            "pagehaul.slice");
    }

    Policies policies;
};

TEST_F(Streams, AClaimKnowsItsStream) {
    auto worker = begun();
    const auto claims = take(*worker);
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_EQ(claims[0].stream, "orders");
    EXPECT_EQ(claims[0].slice_key, "orders/all");
}

TEST_F(Streams, TheCommitOfAParentsPageMakesItsChildrenOnceEach) {
    auto worker = begun();
    const auto claims = take(*worker);
    store(*worker, {of(claims.at(0), 2, 4, {item("1"), item("2"), item("1")})});
    EXPECT_EQ(slices(), "items/order=1 items open t, items/order=2 items open t, orders/all orders open f");
    const auto more = take(*worker);
    ASSERT_EQ(more.size(), 3U);
    EXPECT_EQ(more[0].slice_key, "orders/all");
    store(*worker, {of(more[0], 2, {}, {item("2"), item("3")}), of(more[1], 1, {})});
    EXPECT_EQ(ask("SELECT count(*) FROM pagehaul.slice"), "4") << "order 2 came again, and is one slice";
    EXPECT_EQ(ask("SELECT string_agg(s.key || ' ' || p.state, ', ' ORDER BY s.key) FROM pagehaul.page p JOIN "
                  "pagehaul.slice s ON s.id = p.slice_id WHERE s.is_child"),
              "items/order=1 done, items/order=2 leased, items/order=3 pending");
}

TEST_F(Streams, WhatACommitThatIsRolledBackMadeIsNotThere) {
    auto worker = begun();
    const auto claims = take(*worker);
    const PageResult result = of(claims.at(0), 2, 4, {item("1")});
    ASSERT_TRUE(begin_commit(worker->work, worker->scope, {result.claim}));
    complete(worker->work, worker->scope, policies, {&result});
    worker->work.rollback();
    EXPECT_EQ(slices(), "orders/all orders open f");
}

TEST_F(Streams, EachIsProvenByItsOwnPolicyAndTheRunSucceedsWithTheLast) {
    auto worker = begun();
    store(*worker, {of(take(*worker).at(0), 1, 1, {item("1")})});
    EXPECT_EQ(poll(worker->work, worker->scope, policies).status, RunStatus::running);
    EXPECT_EQ(slices(), "items/order=1 items open t, orders/all orders proven f");
    store(*worker, {of(take(*worker).at(0), 5, {})});
    const RunState state = poll(worker->work, worker->scope, policies);
    EXPECT_EQ(state.status, RunStatus::succeeded);
    EXPECT_EQ(state.proof, "pages") << "the weakest of them";
}

TEST_F(Streams, EqualKeysOfTwoStreamsAreRowsOfTwoTables) {
    auto worker = begun();
    PageResult order = of(take(*worker).at(0), 1, 1, {item("1")});
    order.key_hashes = {7};
    store(*worker, {order});
    poll(worker->work, worker->scope, policies);
    PageResult items = of(take(*worker).at(0), 1, {});
    items.key_hashes = {7};
    store(*worker, {items});
    EXPECT_EQ(poll(worker->work, worker->scope, policies).status, RunStatus::succeeded);
}

TEST_F(Streams, AnAdoptedRunIsToldByTheSlicesThatWerePlanned) {
    auto first = begun();
    store(*first, {of(take(*first).at(0), 2, 4, {item("1")})});
    kill(first);
    auto second = process();
    StartRequest again = request(*second, "other");
    again.slices = {{.key = "orders/all", .params = "{}", .stream = "orders"}};
    again.parameters = {{"orders", {}}, {"items", {"order"}}};
    EXPECT_EQ(started(*second, again).kind, Started::Kind::adopted);
    EXPECT_EQ(slices(), "items/order=1 items open t, orders/all orders open f");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
