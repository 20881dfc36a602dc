"""What a seed means. Pure: the same seed is the same scenario."""

import dataclasses
import math
import random

from harness import kinds

PAGE_SIZES = (20, 50, 100)
API_FAULTS = ("500", "503", "429", "reset", "short", "truncated", "badjson")
# Labels of core/fault.h at which a process may be killed or frozen.
POINTS = ("before_start", "start.planned", "after_start", "after_claim", "after_claim:2", "mid_fetch", "mid_fetch:9", "after_decode",
          "after_decode:7", "before_commit", "before_commit:2", "after_commit", "after_commit:2", "settle.read", "before_settle")
# Where a mistake of the core would lose rows: a third of the points are these.
POINTS += 2 * tuple(point for point in POINTS if "commit" in point)
# Where a process that tells others of pages may die.
TELLING = ("before_publish", "after_publish", "after_publish:2")
LONGEST_PAUSE = 4.0


@dataclasses.dataclass(frozen=True)
class Fault:
    """`what` strikes when the API has been asked `at` times, for `seconds` where it lasts, `byte` bytes later where it counts them;
    `whom`: of the processes that run."""

    what: str
    at: int
    seconds: float = 0.0
    whom: int = 0
    byte: int = 0

    def __str__(self):
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        later = f", {self.byte} bytes later" if self.byte else ""
        return f"{self.what}{lasting} at request {self.at}{later}"


@dataclasses.dataclass(frozen=True)
class Start:
    """One process: the run key it is given, what it does to itself at a labelled point (PAGEHAUL_FAULT), and its verb."""

    key: str
    fault: str = ""
    fresh: bool = False
    verb: str = "run"


@dataclasses.dataclass(frozen=True)
class Scenario:
    seed: int
    api: dict
    size: int
    kind: kinds.Kind
    slices: bool
    writers: int
    quarantine_limit: str
    expected: int  # the exit code that all of it must come to
    rounds: tuple  # of tuples of Start; the last one is repeated until the verdict is final
    faults: tuple
    ahead: int = 0  # messages that may wait; 0: the queue is the ledger's own
    mode: str = "upsert"

    @property
    def pages(self):
        return (4 if self.slices else 1) * (1 if self.kind.one_request else max(1, math.ceil(self.api["rows"] / self.size)))

    def story(self):
        """Lines for people."""
        yield f"seed {self.seed}: {self.pages} pages of {self.size} by {self.kind}, API {self.api}, quarantine limit {self.quarantine_limit}, {self.mode}, must end with {self.expected}"
        for number, starts in enumerate(self.rounds, 1):
            yield f"  start {number}: " + ", ".join(_told(s) for s in starts)
        for fault in self.faults:
            yield f"  {fault}"


def _told(start):
    verb = "" if start.verb == "run" else start.verb + " "
    return f"{verb}{start.key}{' --fresh' if start.fresh else ''}{' ' + start.fault if start.fault else ''}"


# What strikes from outside, and for how long: (least, most) seconds, or None for what is over at once.
_FAULTS = {
    "kill": None, "term": None, "freeze": (0.5, LONGEST_PAUSE), "freeze and start afresh": (0.5, 2.0), "take over while a commit begins": None,
    "cut the database": None, "lose the answer to a COMMIT": None, "cut before a COMMIT": None, "database half open": (1.0, 5.0),
    "stall the database": (0.2, 2.0), "refuse the database": (0.2, 1.5), "restart the database": None, "crash the database": None,
    "terminate the backends": None, "lock the target": (0.2, 2.0), "deadlock": None, "jump the clock": None,
    "fill the disk": (0.5, 2.0),
    "cut the API": None, "stall the API": (0.2, 1.5), "API down": (0.2, 1.5),
    "cut the gateway": None, "stall the gateway": (0.5, 3.0),
    "end the database's answers": None, "delay the database's answers": (0.1, 1.5),
    "end what goes to the database": None, "delay what goes to the database": (0.1, 1.5),
    "end the API's answers": None, "delay the API's answers": (0.1, 1.5), "end the gateway's answers": None,
}
_FAULTS_OF_A_BROKER = {
    "kill the broker": (0.0, 6.0), "cut the broker": None, "stall the broker": (0.2, 6.0), "refuse the broker": (0.2, 8.0),
    "empty the queue": None, "double the messages": None, "send rubbish": None,
}
# Where another takes over what one has not given up, epoch and fence are all that stands between them.
_OFTEN = ("freeze", "take over while a commit begins")
# These strike at any byte: the most of them that pass before.
_BYTES = 200_000


def _report(chance):
    size = chance.choice(PAGE_SIZES)
    edges, bulk = (0, 1, size, 3 * size - 1), (chance.randint(5, 40) * size, chance.randint(200, 1500))
    report = {"rows": chance.choice(edges if chance.random() < 0.2 else bulk),
              "seed": chance.randint(1, 1 << 30), "latency": f"{chance.randint(0, 20)}ms", "latency_jitter": "10ms"}
    if chance.random() < 0.3:
        report["total"] = "none"
    if chance.random() < 0.5:
        report |= {"fault_rate": round(chance.uniform(0.01, 0.2), 3), "fault_tries": chance.randint(1, 2), "retry_after": "none",
                   "faults": chance.sample(API_FAULTS, chance.randint(1, 4))}
    return report, size


def draw(seed):
    """The scenario of this seed."""
    chance = random.Random(f"pagehaul chaos {seed}")
    api, size = _report(chance)
    limit, expected = "0%", 0
    if api["rows"] > 10 and chance.random() < 0.25:
        api["bad_rows"] = sorted(chance.sample(range(api["rows"]), chance.randint(1, 3)))
        limit, expected = chance.choice((("100%", 0), ("0%", 65)))
    slices = chance.random() < 0.4
    pages = (4 if slices else 1) * max(1, math.ceil(api["rows"] / size))
    rounds = []
    for number in range(1, chance.randint(2, 4)):
        starts = []
        for _ in range(chance.choice((1, 1, 2, 3))):
            fault = chance.choice(POINTS) if chance.random() < 0.4 else ""
            if fault and chance.random() < 0.3:
                fault += (":1" if ":" not in fault else "") + ":stop"
            key = "job-1" if chance.random() < 0.8 else f"job-{number}"
            starts.append(Start(key, fault, fresh=number > 1 and chance.random() < 0.1))
        rounds.append(tuple(starts))
    # A key of its own goes on with whichever run is unfinished.
    rounds.append((Start("job-1" if all(start.key == "job-1" for starts in rounds for start in starts) else "job-last"),))
    faults = []
    for _ in range(chance.randint(0, 5)):
        what = chance.choice(sorted(_FAULTS) + 3 * list(_OFTEN))
        lasts = _FAULTS[what]
        faults.append(Fault(what, at=chance.randint(0, pages + 2), seconds=round(chance.uniform(*lasts), 2) if lasts else 0.0,
                            whom=chance.randint(0, 2), byte=int(_BYTES ** chance.random()) if what.startswith(("end ", "delay ")) else 0))
    # A draw of its own: what else a seed means stays as it was before there were kinds.
    kind = kinds.draw(random.Random(f"pagehaul chaos {seed}, how it pages"), api, size)
    return Scenario(seed, api | kind.api, size, kind, slices, chance.randint(1, 2), limit, expected, tuple(rounds), tuple(sorted(faults, key=lambda f: f.at)))


def in_a_mode(scenario):
    """The same in the mode of this seed. Where rows wait for their slice's proof, half of the deaths at a commit are deaths at that."""
    chance = random.Random(f"pagehaul chaos {scenario.seed} in a mode")
    mode = chance.choice(("upsert", "upsert", "replace_slice", "append" if scenario.slices else "replace_slice"))
    # A table that one role has made is not another one's.
    by_two_roles = any(fault.what == "take over while a commit begins" for fault in scenario.faults)
    if mode == "upsert" or scenario.expected != 0 or by_two_roles:
        return scenario

    def otherwise(start):
        if "_commit" not in start.fault or chance.random() < 0.5:
            return start
        return dataclasses.replace(start, fault=start.fault.replace("_commit", "_publication"))

    return dataclasses.replace(scenario, mode=mode, rounds=tuple(tuple(map(otherwise, starts)) for starts in scenario.rounds))


def over_a_broker(scenario):
    """The same, its processes told of pages by a broker: some only plan, some only pull, and things happen to the broker too."""
    chance = random.Random(f"pagehaul chaos {scenario.seed} over a broker")
    rounds = [tuple(_otherwise(start, chance) for start in starts) for starts in scenario.rounds[:-1]]
    faults = []
    for _ in range(chance.randint(1, 3)):
        what = chance.choice(sorted(_FAULTS_OF_A_BROKER))
        lasts = _FAULTS_OF_A_BROKER[what]
        faults.append(Fault(what, at=chance.randint(0, scenario.pages), seconds=round(chance.uniform(*lasts), 2) if lasts else 0.0))
    return dataclasses.replace(scenario, rounds=(*rounds, scenario.rounds[-1]), ahead=chance.choice((10, 30, 1000)),
                               faults=tuple(sorted((*scenario.faults, *faults), key=lambda f: f.at)))


def _otherwise(start, chance):
    verb = "run" if start.fresh else chance.choice(("run", "run", "work", "enqueue"))
    fault = chance.choice(TELLING) if not start.fault and chance.random() < 0.2 else start.fault
    return dataclasses.replace(start, verb=verb, fault=fault)
