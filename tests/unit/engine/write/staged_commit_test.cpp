#include <gtest/gtest.h>

#include "database.h"
#include "sink/staging.h"

namespace pagehaul::engine {
namespace {

/// Rows wait in a table whose columns are the target's.
class StagedCommit : public testing::DatabaseTest {
  protected:
    StagedCommit() {
        db.exec("ALTER TABLE target ALTER note TYPE varchar(3)");
        staging.ensure(db);
    }
    void commit(std::vector<FetchedPage> pages) {
        const Targets staged_targets(real.config.sink, staging);
        Committer committer(context, staged_targets, session(Millis{0}));
        committer.commit(std::move(pages), {});
    }
    std::string staged() {
        return ask("SELECT coalesce(string_agg(note, ',' ORDER BY id), '') FROM public.staging");
    }

    sink::Staging staging{real.config.sink, "public.staging"};
};

TEST_F(StagedCommit, PutsRowsAsideAndThePageIsDone) {
    const auto claims = leased(2);
    commit(batch(fetched(claims[1], {"c", "d"}), fetched(claims[0], {"a", "b"})));
    EXPECT_EQ(staged(), "a,b,c,d");
    EXPECT_EQ(stored_notes(), "");
    EXPECT_EQ(done_pages(), "3");
}

TEST_F(StagedCommit, ARowThatTheTargetsTypesRefuseIsQuarantined) {
    commit(batch(fetched(leased(1)[0], {"a", "long", "b"})));
    EXPECT_EQ(staged(), "a,b");
    EXPECT_EQ(quarantined(), "1");
    EXPECT_EQ(ask("SELECT stored FROM pagehaul.page WHERE no = 1"), "2");
}

}  // namespace
}  // namespace pagehaul::engine
