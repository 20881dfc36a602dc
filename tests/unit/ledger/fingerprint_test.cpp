// src/ledger/README.md, "A run starts".
#include "ledger/fingerprint.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Fingerprints : public LedgerTest {
  protected:
    Fingerprint of(const std::string& account) {
        const std::string line = "source.path = \"/${A}\"\n";
        return fingerprint(db, "pagehaul", {.whole = line, .hashed = line}, {{"source.path", account}});
    }
};

TEST_F(Fingerprints, TellsApartWhatVariablesHold) {
    EXPECT_EQ(of("one").hash, of("one").hash);
    EXPECT_NE(of("one").hash, of("two").hash);
    EXPECT_NE(of("one").text, of("two").text) << "so that it can be said what differs";
}

TEST_F(Fingerprints, KeepsNothingOfWhatVariablesHold) {
    const std::string text = of("account-4711").text;
    EXPECT_EQ(text.find("4711"), std::string::npos) << text;
    db.exec("UPDATE pagehaul.schema_version SET salt = gen_random_uuid() WHERE version = 1");
    EXPECT_NE(of("account-4711").text, text) << "a list of hashes of accounts is of no use";
}

TEST_F(Fingerprints, WithoutVariablesTheyAreOfTheTextAlone) {
    EXPECT_EQ(fingerprint(db, "pagehaul", {.whole = "a = 1\n", .hashed = "a = 1\n"}, {}).text, "a = 1\n");
}

TEST_F(Fingerprints, TellOneLedgerFromAnother) {
    const std::string of_this = identity(db, "pagehaul");
    EXPECT_EQ(of_this.size(), 16U);
    EXPECT_EQ(identity(db, "pagehaul"), of_this);
    db.exec("UPDATE pagehaul.schema_version SET salt = gen_random_uuid() WHERE version = 1");
    EXPECT_NE(identity(db, "pagehaul"), of_this);
}

TEST_F(Fingerprints, HashNothingOfKeysThatAreAtTheirDefaults) {
    const Fingerprint older = fingerprint(db, "pagehaul", {.whole = "a = 1\n", .hashed = "a = 1\n"}, {});
    const Fingerprint newer =
        fingerprint(db, "pagehaul", {.whole = "a = 1\nb = 2\n", .hashed = "a = 1\n"}, {});
    EXPECT_EQ(older.hash, newer.hash);
    EXPECT_NE(older.text, newer.text) << "what it was is told whole";
}

}  // namespace
}  // namespace pagehaul::ledger::testing
