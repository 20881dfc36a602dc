// A ledger that is newer than this program, and whom it serves.
#include "ledger/schema.h"
#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

const int known = newest_version();

class Versions : public LedgerTest {
  protected:
    /// A newer program has made this step.
    void step(int version, const std::string& serves_from) {
        db.exec("INSERT INTO pagehaul.schema_version (version, serves_from) VALUES (" +
                std::to_string(version) + ", " + serves_from + ")");
    }
    /// "" where this program is let in.
    std::string refusal() {
        try {
            EXPECT_TRUE(migrate(db, "pagehaul").empty());
            return "";
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.error().kind, ErrorKind::config);
            return failure.error().message;
        }
    }
    std::string records() {
        return ask(
            "SELECT string_agg(version || ' ' || coalesce(serves_from::text, '-'), ', ' ORDER BY version) "
            "FROM "
            "pagehaul.schema_version WHERE version > 14");
    }
};

TEST(Served, AreProgramsOfTheLedgersVersionAndNewerAndOlderOnesAsFarAsItSays) {
    const Installed ledger{.version = 20, .serves_from = 18};
    EXPECT_TRUE(ledger.serves(21));
    EXPECT_TRUE(ledger.serves(20));
    EXPECT_TRUE(ledger.serves(18));
    EXPECT_FALSE(ledger.serves(17));
}

TEST_F(Versions, EachStepFromSeventeenOnIsNotedWithWhomItServes) {
    EXPECT_THAT(records(), ::testing::StartsWith("15 -, 16 -, 17 16"));
    for (const SchemaStep& step : schema_steps().subspan(16))
        EXPECT_EQ(ask("SELECT serves_from FROM pagehaul.schema_version WHERE version = " +
                      std::to_string(step.version)),
                  std::to_string(step.serves_from));
}

TEST_F(Versions, AnUpgradeNotesItToo) {
    db.exec(
        "DELETE FROM pagehaul.schema_version WHERE version > 16;"
        "ALTER TABLE pagehaul.schema_version DROP COLUMN serves_from");
    EXPECT_EQ(installed(db, "pagehaul").serves_from, 16);
    EXPECT_EQ(migrate(db, "pagehaul").front(), 17);
    EXPECT_THAT(records(), ::testing::StartsWith("15 -, 16 -, 17 16"));
}

TEST_F(Versions, ANewerLedgerThatServesThisProgramStaysAsItIs) {
    step(999, std::to_string(known));
    const std::string before = records();
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(records(), before);
    const Installed now = installed(db, "pagehaul");
    EXPECT_TRUE(now.is_newer());
    EXPECT_EQ(now.version, 999);
    EXPECT_EQ(now.serves_from, known);
}

TEST_F(Versions, OneThatDoesNotIsRefusedWithBothVersionsAndWhomItServes) {
    step(999, std::to_string(known + 1));
    EXPECT_THAT(refusal(), ::testing::AllOf(::testing::HasSubstr("has version 999"),
                                            ::testing::HasSubstr("version " + std::to_string(known + 1)),
                                            ::testing::HasSubstr("up to " + std::to_string(known)),
                                            ::testing::HasSubstr("use the newer pagehaul")));
}

TEST_F(Versions, AStepWithoutARecordServesItsOwnVersionAlone) {
    step(999, "NULL");
    EXPECT_THAT(refusal(), ::testing::HasSubstr("know version 999 or newer"));
}

TEST_F(Versions, TheLedgerServesWhomAllItsStepsServe) {
    step(998, std::to_string(known + 1));
    step(999, std::to_string(known));
    EXPECT_THAT(refusal(), ::testing::HasSubstr("know version " + std::to_string(known + 1) + " or newer"));
}

TEST_F(Versions, NoStepClaimsToServeProgramsNewerThanItself) {
    EXPECT_THROW(step(998, "999"), postgres::SqlError);
}

TEST_F(Versions, StatusTellsOfTheLedgers) {
    step(999, std::to_string(known));
    EXPECT_EQ(read_status(db, "pagehaul", "p", 1, 1000).ledger_version, 999);
}

}  // namespace
}  // namespace pagehaul::ledger::testing
