#include "engine/claim_policy.h"

#include <gtest/gtest.h>

#include <ostream>

namespace pagehaul::engine {

void PrintTo(const ClaimStep& step, std::ostream* out) {
    if (const auto* due = std::get_if<ClaimDue>(&step))
        *out << due->room << " pages" << (due->may_be_alone ? ", perhaps one alone" : "");
    else
        *out << (std::holds_alternative<ClaimProbe>(step) ? "a probe" : "enough");
}

namespace {

using std::chrono::hours;

const MonoTime kNow{hours(1000)};

/// Nothing held, nothing queued, room for 16, the source up.
ClaimView idle() {
    return {.now = kNow, .held = 0, .queued = 0, .ahead = 16};
}

struct Case {
    const char* when;
    ClaimView view;
    ClaimStep expected;
};

TEST(NextClaim, IsDecidedByWhatIsHeldAndHowTheSourceIs) {
    const auto with = [](auto change) {
        ClaimView view = idle();
        change(view);
        return view;
    };
    const Dry dry{.commits = 5, .until = kNow + Millis{100}};
    const Case cases[] = {
        {"at the beginning all the room is filled", idle(), ClaimDue{16, true}},
        {"with pages in hand none is claimed to be alone",
         with([](ClaimView& v) { v.held = 4, v.queued = 4; }), ClaimDue{12, false}},
        {"of chains no more than there are hands for them",
         with([](ClaimView& v) { v.held = 3, v.hands = 4; }), ClaimDue{1, false}},
        {"while each hand has one none is claimed", with([](ClaimView& v) { v.held = 4, v.hands = 4; }),
         Enough{}},
        {"at half the queue is filled again", with([](ClaimView& v) { v.held = 8, v.queued = 8; }),
         ClaimDue{8, false}},
        {"above half it is not", with([](ClaimView& v) { v.held = 9, v.queued = 9; }), Enough{}},
        {"beside a page that is to be alone nothing is claimed",
         with([](ClaimView& v) { v.held = 1, v.alone = true; }), Enough{}},
        {"once it is gone there is claiming again", with([](ClaimView& v) { v.alone = true; }),
         ClaimDue{16, true}},
        {"a dry ledger is not asked again for every page that ends",
         with([&](ClaimView& v) { v.held = 2, v.commits = 5, v.dry = dry; }), Enough{}},
        {"but when a commit has planned more",
         with([&](ClaimView& v) { v.held = 2, v.commits = 6, v.dry = dry; }), ClaimDue{16, false}},
        {"and when its time is over",
         with([&](ClaimView& v) { v.held = 2, v.commits = 5, v.dry = dry, v.now = dry.until; }),
         ClaimDue{16, false}},
        {"and when nothing is held that could end", with([&](ClaimView& v) { v.commits = 5, v.dry = dry; }),
         ClaimDue{16, true}},
        {"while the source is down one page carries the probe",
         with([](ClaimView& v) { v.source = SourceState::down, v.next_probe = kNow; }), ClaimProbe{}},
        {"not before its time",
         with([](ClaimView& v) { v.source = SourceState::down, v.next_probe = kNow + Millis{1}; }), Enough{}},
        {"nor while one is under way", with([](ClaimView& v) { v.source = SourceState::down; }), Enough{}},
        {"nor beside a page in hand",
         with([](ClaimView& v) { v.source = SourceState::down, v.next_probe = kNow, v.held = 1; }), Enough{}},
        {"nor does a source that was given up get more than probes",
         with([](ClaimView& v) { v.source = SourceState::given_up; }), Enough{}},
    };
    for (const Case& c : cases)
        EXPECT_EQ(next_claim(c.view), c.expected) << c.when;
}

TEST(NextPoll, IsOnceASecondWhileThereIsWorkAndTakesATenthOfTheTimeAtMost) {
    const auto pause = [](Polling last, bool filled) {
        last.ended = kNow;
        return std::chrono::duration_cast<Millis>(next_poll(last, filled) - kNow);
    };
    EXPECT_EQ(pause({.took = Millis{2}}, true), Millis{900});
    EXPECT_EQ(pause({.took = Millis{2}}, false), Millis{20});
    EXPECT_EQ(pause({.took = Millis{300}}, true), Millis{3'000});
    EXPECT_EQ(pause({.took = Millis{300}}, false), Millis{3'000});
    EXPECT_EQ(pause({.took = Millis{300}, .more_due = true}, true), Millis{0}) << "steps are no question";
    EXPECT_EQ(pause({.took = std::chrono::minutes(6)}, false), Millis{10'000})
        << "frozen for six minutes, and not to rest for an hour";
}

/// Reaping and polling are far away: only what a case sets brings the look nearer.
LookView quiet(bool filled) {
    return {.now = kNow, .filled = filled, .next_reap = kNow + hours(1), .last_poll = {.ended = kNow}};
}

Millis look_after(const LookView& view) {
    return std::chrono::duration_cast<Millis>(next_look(view) - kNow);
}

TEST(NextLook, IsThePollAsLongAsThereIsWork) {
    EXPECT_EQ(look_after(quiet(true)), Millis{900});
    LookView polled_before = quiet(true);
    polled_before.last_poll.ended = kNow - Millis{400};
    EXPECT_EQ(look_after(polled_before), Millis{500});
}

TEST(NextLook, IsThePauseOfOthersWherePollsAreSlow) {
    LookView slow = quiet(true);
    slow.last_poll.took = Millis{500};
    slow.next_hearing = kNow + Millis{600};
    EXPECT_EQ(look_after(slow), Millis{600});
}

TEST(NextLook, ComesSoonWhereTheLedgerHadNoMore) {
    EXPECT_EQ(look_after(quiet(false)), Millis{200});
    LookView due = quiet(false);
    due.next_due = Millis{70};
    EXPECT_EQ(look_after(due), Millis{70});
    due.next_due = Millis{5'000};
    EXPECT_EQ(look_after(due), Millis{200}) << "another process may free a page before";
}

TEST(NextLook, IsThePollThatWasNotDueWhenSomethingWasTold) {
    LookView told = quiet(false);
    told.last_poll.took = Millis{4};
    EXPECT_EQ(look_after(told), Millis{200});
    told.wants_poll = true;
    EXPECT_EQ(look_after(told), Millis{40});
}

TEST(NextLook, IsTheReapingTheEndOfADrySpellOrTheProbeIfThatIsSooner) {
    LookView reap = quiet(true);
    reap.next_reap = kNow + Millis{300};
    EXPECT_EQ(look_after(reap), Millis{300});
    LookView dry = quiet(true);
    dry.dry = Dry{.commits = 0, .until = kNow + Millis{150}};
    EXPECT_EQ(look_after(dry), Millis{150});
    dry.dry->until = kNow - Millis{1};
    EXPECT_EQ(look_after(dry), Millis{900}) << "one that is over says nothing";
    LookView down = quiet(true);
    down.source = SourceState::down;
    EXPECT_EQ(look_after(down), Millis{200});
}

TEST(NextLook, OfAProcessWithNothingToDoIsAsFarAwayAsItHasWaitedAndNoMoreThanFiveSeconds) {
    LookView idle = quiet(false);
    idle.next_hearing = kNow;
    for (const auto& [waited, pause] : {std::pair(0, 200), {150, 200}, {700, 700}, {60'000, 5'000}}) {
        idle.idle_since = kNow - Millis{waited};
        EXPECT_EQ(look_after(idle), Millis{pause}) << waited;
    }
    idle.next_due = Millis{300};
    EXPECT_EQ(look_after(idle), Millis{300}) << "a page's pause ends";
    idle.next_reap = kNow + Millis{250};
    EXPECT_EQ(look_after(idle), Millis{250}) << "a lost process is looked for as ever";
    idle.source = SourceState::down;
    idle.next_hearing = MonoTime::max();
    EXPECT_EQ(look_after(idle), Millis{200}) << "a probe is not late";
}

TEST(NextLook, NeverSpins) {
    LookView late = quiet(false);
    late.next_due = Millis{0};
    late.next_reap = kNow - hours(1);
    EXPECT_EQ(look_after(late), Millis{10});
}

TEST(Hints, ThatStayAwayForFiveSecondsLeaveThePagesToTheLedger) {
    const MonoTime last{std::chrono::hours(1)};
    EXPECT_FALSE(hints_dried_up({.now = last + Millis{4'999}, .last = last}));
    EXPECT_TRUE(hints_dried_up({.now = last + Millis{5'000}, .last = last}));
    EXPECT_FALSE(hints_dried_up({.now = last + Millis{5'000}, .last = last, .waiting = 1}));
}

TEST(Hints, AHelperLeavesNoPageToABrokerThatIsAway) {
    const Nanos short_idle = Millis{1'000};
    EXPECT_EQ(helper_patience(short_idle, false), short_idle);
    const MonoTime last{std::chrono::hours(1)};
    EXPECT_TRUE(
        hints_dried_up({.now = last + helper_patience(short_idle, true) - Millis{900}, .last = last}));
    EXPECT_EQ(helper_patience(Millis{30'000}, true), Millis{30'000});
}

}  // namespace
}  // namespace pagehaul::engine
