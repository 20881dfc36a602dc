#include "engine/shared/chain.h"

#include <gtest/gtest.h>

namespace pagehaul::engine {
namespace {

ledger::Claim claim(std::int64_t no, std::int64_t page_id = 0) {
    ledger::Claim made;
    made.page_id = page_id;
    made.slice_id = 1;
    made.no = no;
    made.epoch = page_id == 0 ? 0 : 1;
    return made;
}

FetchedPage fetched(std::int64_t no) {
    FetchedPage page;
    page.result.claim = claim(no);
    page.bytes = 10;
    return page;
}

std::stop_token stopped_already() {
    std::stop_source source;
    source.request_stop();
    return source.get_token();
}

class ChainTest : public ::testing::Test {
  protected:
    std::shared_ptr<Chain> chain = std::make_shared<Chain>(claim(5, 50));
};

TEST_F(ChainTest, WritersHaveItsPagesInOrderAndOneCommitAtATime) {
    const auto first = chain->hand(fetched(5));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->result.claim.page_id, 50) << "the head's lease";
    EXPECT_FALSE(chain->hand(fetched(6)));
    EXPECT_FALSE(chain->hand(fetched(7)));
    chain->lead(claim(6, 60));
    const auto run = chain->next();
    ASSERT_TRUE(run);
    EXPECT_EQ(run->result.claim.page_id, 60);
    ASSERT_EQ(run->followers.size(), 1U);
    EXPECT_EQ(run->followers[0].result.claim.no, 7);
    EXPECT_EQ(run->bytes, 20U);
    EXPECT_FALSE(chain->next()) << "nothing has gathered";
}

TEST_F(ChainTest, IsFollowedOnlySoFarAhead) {
    const auto first = chain->hand(fetched(5));
    for (int no = 6; no < 5 + Chain::ahead; ++no) {
        EXPECT_TRUE(chain->has_room()) << no;
        chain->hand(fetched(no));
    }
    EXPECT_FALSE(chain->has_room());
    EXPECT_FALSE(chain->wait_for_room(stopped_already()));
    chain->lead(claim(6, 60));
    EXPECT_TRUE(chain->wait_for_room({}));
}

TEST_F(ChainTest, ALeaseIsThereOnceThePagesBeforeAreCommitted) {
    const auto first = chain->hand(fetched(5));
    EXPECT_FALSE(chain->wait_for_lease(6, stopped_already()));
    chain->lead(claim(6, 60));
    EXPECT_EQ(chain->wait_for_lease(6, {})->page_id, 60);
}

TEST_F(ChainTest, OnceLostDropsWhatItHas) {
    const auto first = chain->hand(fetched(5));
    chain->hand(fetched(6));
    chain->end();
    EXPECT_TRUE(chain->is_over());
    EXPECT_FALSE(chain->next());
    EXPECT_FALSE(chain->hand(fetched(7)));
    EXPECT_FALSE(chain->wait_for_lease(6, {}));
    EXPECT_TRUE(chain->has_room()) << "nobody waits for what is over";
}

TEST_F(ChainTest, KnowsATokenThatItHasJustBeenTold) {
    EXPECT_FALSE(chain->is_behind_first(5));
    EXPECT_TRUE(chain->is_behind_first(6));
}

}  // namespace
}  // namespace pagehaul::engine
