// src/ledger/README.md, "A run starts".
#include "ledger/fingerprint.h"

#include "ledger_fixture.h"

namespace pagehaul::ledger::testing {
namespace {

class Fingerprints : public LedgerTest {
  protected:
    Fingerprint of(const std::string& account) {
        return fingerprint(db, "pagehaul", "source.path = \"/${A}\"\n", {{"source.path", account}});
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
    EXPECT_EQ(fingerprint(db, "pagehaul", "a = 1\n", {}).text, "a = 1\n");
}

}  // namespace
}  // namespace pagehaul::ledger::testing
