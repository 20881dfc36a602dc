"""Rounds of processes with faults among them, until the verdict is final."""

import dataclasses
import threading
import time

import checker
from broker import LONGEST_START
from faults import Faults
from scenario import Start
from harness.waiting import eventually

ROUND_SECONDS = 60
MOST_ROUNDS = 12
# Exit codes behind which another start goes on; all others are final.
GO_ON = (69, 75, 130, 137, 143)


@dataclasses.dataclass(frozen=True)
class Ended:
    """One process: its Result, its verb, and seconds from its SIGTERM to its end."""

    result: object
    verb: str = "run"
    drain: float = None


class Story:
    """tell(): carries the scenario out in its world. `ended`: every process, by rounds."""

    def __init__(self, scenario, world):
        self.scenario, self.world, self.faults = scenario, world, Faults(world)
        self.ended, self.broken = [], []
        self._config_changed = False
        self._left = list(scenario.faults)

    def tell(self):
        for number in range(MOST_ROUNDS):
            starts = self.scenario.rounds[min(number, len(self.scenario.rounds) - 1)]
            before = self.world.config
            self.ended.append(self._round(starts))
            # Who began under the old config, and comes late to a run of the new one, is told so.
            self._config_changed = self.world.config != before
            checker.check_between(self.world)
            checker.check_verdicts(self.scenario, self)
            assert not self.broken, f"the harness failed: {self.broken}"
            if self._is_final(number):
                return
        raise AssertionError(f"no verdict after {MOST_ROUNDS} rounds: {[e.result.code for e in self.ended[-1]]}\n{self.ended[-1][0].result}")

    def _is_final(self, number):
        codes = {e.result.code for e in self.ended[-1]}
        strange = codes - {0, 65, *GO_ON} - ({78} if self._config_changed else set())
        assert not strange, f"exit {strange}\n" + "\n".join(str(e.result) for e in self.ended[-1])
        return number + 1 >= len(self.scenario.rounds) and self.scenario.expected in codes and not codes & {78, *GO_ON}

    def _round(self, starts):
        over = threading.Event()
        if self._was_lost_too_often():
            starts = (Start(f"retry-{len(self.ended)}", verb="retry"),)
        processes = [self.world.start(s.key, s.fault, s.fresh, verb=s.verb) for s in starts]  # a fault may add one
        termed = {}
        strikers = [threading.Thread(target=self._strike, args=(fault, processes, over, termed), daemon=True) for fault in self._left]
        helpers = [threading.Thread(target=self._wake, args=(starts, processes, over), daemon=True),
                   threading.Thread(target=self._scale, args=(processes, over), daemon=True)]
        for thread in (*strikers, *helpers):
            thread.start()
        try:
            eventually(lambda: not any(p.running for p in processes), ROUND_SECONDS, "every process of the round has ended", interval=0.02)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(p.tail(60) for p in processes if p.running)) from None
        finally:
            over.set()
            for thread in (*strikers, *helpers):
                thread.join(20 if self.world.broker is None else LONGEST_START)
        self._left = [fault for fault in self._left if fault not in self.faults.struck]
        return [Ended(process.result(1), process.argv[1], self._drain(process, termed)) for process in processes]

    def _was_lost_too_often(self):
        """Three processes died or froze with the same page in hand, by chance: it is refused, and somebody retries it."""
        return any("kills its worker" in line.get("reason", "") for e in (self.ended[-1] if self.ended else ()) for line in e.result.log)

    def _strike(self, fault, processes, over, termed):
        while self.world.api.stats()["requests"] < fault.at:
            if over.wait(0.02):
                return
        before = {p.pid for p in processes if p.running}
        if fault.what == "term":
            alive = [p for p in processes if p.running]
            if alive:
                termed.setdefault(alive[fault.whom % len(alive)].pid, time.monotonic())
        if before:
            try:
                self.faults.strike(fault, processes, over)
            except Exception as error:  # the harness's own failure is no fault of the program's
                self.broken.append(f"{fault}: {error!r}")

    @staticmethod
    def _wake(starts, processes, over):
        """A process that has frozen itself goes on after a while, if nobody has ended it."""
        while not over.wait(2.5):
            for start, process in zip(starts, processes):
                if start.fault.endswith(":stop") and process.running:
                    process.thaw()

    def _scale(self, processes, over):
        """Where nobody is left who pulls, whoever waits for the verdict waits for ever: a worker comes, as from a scaler."""
        while not over.wait(1):
            alive = [p for p in list(processes) if p.running]
            if alive and all(p.argv[1] == "enqueue" for p in alive):
                processes.append(self.world.start("scaled", verb="work"))

    @staticmethod
    def _drain(process, termed):
        return time.monotonic() - termed[process.pid] if process.pid in termed and process.returncode == 143 else None
