// src/ledger/README.md, "Cost": slices that are due, one process that finalises.
#include "ledger/statement.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

using Poll = LedgerTest;

TEST_F(Poll, APageGivenBackAfterItsSliceFailedIsNobodysToWaitFor) {
    auto worker = process();
    started(*worker);
    commit(*worker, {page(take(*worker).at(0), 10, 30)});
    const auto claims = take(*worker);
    PageResult broken = page(claims.at(0), 10);
    broken.slice_error = "rows 3 and 4 have equal keys";
    commit(*worker, {broken});
    polled(*worker);
    record(worker->work, worker->scope,
           {{.claim = claims.at(1), .kind = Setback::Kind::returned, .error = "", .payload = ""}});
    EXPECT_EQ(polled(*worker).pages_pending, 0);
    EXPECT_EQ(pages(), "1 done, 2 done");
}

TEST_F(Poll, OneProcessFinalisesAndTheOthersAreTold) {
    auto one = process();
    auto other = process();
    started(*one, "k", {"a", "b"});
    started(*other, "k", {"a", "b"});
    const auto claims = take(*one);
    commit(*one, {page(claims.at(0), 5, 5), page(claims.at(1), 5, 5)});
    one->work.begin("SELECT pg_advisory_xact_lock(" +
                    std::to_string(advisory_key("pagehaul", "p\nfinalise")) + ")");
    const RunState state = polled(*other);
    EXPECT_EQ(state.status, RunStatus::running);
    EXPECT_TRUE(state.finalised_elsewhere);
    one->work.rollback();
    EXPECT_EQ(polled(*other).status, RunStatus::succeeded);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
