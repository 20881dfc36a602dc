#include "ledger/credential.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

constexpr const char* kName = "source.auth";
constexpr Millis kBrief{50};

class LedgerCredential : public LedgerTest {
  protected:
    static bool store(Process& process, const CredentialRow& row) {
        EXPECT_TRUE(begin_credential(process.work, process.scope, kName, Millis{5'000}));
        const bool stored = store_credential(process.work, process.scope, kName, row);
        process.work.commit();
        return stored;
    }
    static CredentialRow read(Process& process) {
        return read_credential(process.work, process.scope, kName);
    }
};

TEST_F(LedgerCredential, IsReadAsItWasStored) {
    auto one = process();
    EXPECT_EQ(read(*one).generation, 0);
    const std::string pair("a \0 \xFF pair", 10);
    ASSERT_TRUE(store(*one, {.generation = 1, .pair = pair, .sealed = true, .left = Millis{60'000}}));
    auto other = process();
    const CredentialRow row = read(*other);
    EXPECT_EQ(row.generation, 1);
    EXPECT_EQ(row.pair, pair);
    EXPECT_TRUE(row.sealed);
    EXPECT_LE(*row.left, Millis{60'000});
    advance(Millis{70'000});
    EXPECT_LT(*read(*other).left, Millis{0}) << "by the database's clock";
}

TEST_F(LedgerCredential, OneHoldsItAtATime) {
    auto one = process();
    auto other = process();
    ASSERT_TRUE(begin_credential(one->work, one->scope, kName, kBrief));
    EXPECT_FALSE(begin_credential(other->work, other->scope, kName, kBrief));
    EXPECT_FALSE(other->work.in_transaction());
    store_credential(one->work, one->scope, kName, {.generation = 1, .pair = "new"});
    one->work.commit();
    const auto row = begin_credential(other->work, other->scope, kName, kBrief);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->pair, "new");
}

TEST_F(LedgerCredential, WhoDiesHoldingItLeavesWhatWasThere) {
    auto one = process();
    ASSERT_TRUE(store(*one, {.generation = 1, .pair = "old"}));
    auto dying = process();
    ASSERT_TRUE(begin_credential(dying->work, dying->scope, kName, kBrief));
    store_credential(dying->work, dying->scope, kName, {.generation = 2, .pair = "new"});
    const int backend = dying->work.backend_pid();
    dying.reset();
    await_end_of(backend);
    EXPECT_EQ(begin_credential(one->work, one->scope, kName, kBrief)->pair, "old");
}

TEST_F(LedgerCredential, ThatAnotherHasReplacedIsNotStoredOver) {
    auto one = process();
    ASSERT_TRUE(store(*one, {.generation = 1, .pair = "first"}));
    ASSERT_TRUE(store(*one, {.generation = 2, .pair = "second"}));
    EXPECT_FALSE(store(*one, {.generation = 2, .pair = "late"}));
    EXPECT_EQ(read(*one).pair, "second");
}

TEST_F(LedgerCredential, IsEachPipelinesOwn) {
    auto one = process();
    auto other = process();
    other->scope.pipeline = "q";
    ASSERT_TRUE(store(*one, {.generation = 1, .pair = "of p"}));
    EXPECT_EQ(read(*other).generation, 0);
    EXPECT_TRUE(begin_credential(one->work, one->scope, kName, kBrief));
    EXPECT_TRUE(begin_credential(other->work, other->scope, kName, kBrief));
}

}  // namespace
}  // namespace pagehaul::ledger::testing
