"""The faults, each carried out on a World."""

import contextlib
import pathlib
import threading

import psycopg2

from harness.pipeline import TABLE
from harness.proxy import COMMIT
from harness.waiting import eventually
from world import STALE

OF_A_PROCESS = ("kill", "term", "freeze", "freeze and start afresh", "take over while a commit begins")
# The first statement of a commit sets it, before the one with the fence.
BEGIN_COMMIT = b"pagehaul.search_path"


class Faults:
    """`struck`: those that have been carried out."""

    def __init__(self, world):
        self.world = world
        self.struck = []
        self._disk = threading.Lock()  # held while it is full: no server starts then

    def strike(self, fault, processes, over):
        """Carries the fault out; returns when it is over, or when `over` (an Event) says that the story is."""
        alive = [p for p in list(processes) if p.running]
        victim = alive[fault.whom % len(alive)] if alive else None
        act = getattr(self, "_" + fault.what.replace(" ", "_").replace("'", ""))
        if fault.what in OF_A_PROCESS:
            if victim is None:
                return
            act(fault, victim, over, processes)
        else:
            act(fault, over)
        self.struck.append(fault)

    def _kill(self, _fault, victim, _over, _processes):
        victim.kill9()

    def _term(self, _fault, victim, _over, _processes):
        victim.terminate()

    def _freeze(self, fault, victim, over, _processes):
        victim.freeze()
        over.wait(fault.seconds)
        victim.thaw()

    def _freeze_and_start_afresh(self, fault, victim, over, processes):
        """The frozen one looks dead, another run takes the pipeline, and then it goes on."""
        victim.freeze()
        over.wait(STALE + 0.5)
        processes.append(self.world.start(f"fresh-{fault.at}", fresh=True))
        over.wait(fault.seconds)
        victim.thaw()

    def _take_over_while_a_commit_begins(self, fault, _victim, over, processes):
        """Everyone freezes with a commit under way; a run of a mended config, and of a role that may not end their backends, takes the
        pipeline; then the commit arrives. Nothing but the fence refuses it."""
        frozen, taken = [], threading.Event()

        def take_over():
            frozen.extend(p for p in list(processes) if p.running)
            for process in frozen:
                process.freeze()
            over.wait(STALE + 0.5)
            self.world.ask_otherwise()
            processes.append(self.world.start(f"taken-{fault.at}", role=self._other_role()))
            with contextlib.suppress(AssertionError):
                eventually(lambda: over.is_set() or self._asked("SELECT count(*) > 1 FROM pagehaul.run"), STALE + 4, "another run has taken over")
            taken.set()

        rule = self.world.database.run_at(BEGIN_COMMIT, take_over)
        try:
            if not self._strikes(rule, over):
                return
            taken.wait(20)
            over.wait(0.2)  # the statement arrives before its sender wakes
        finally:
            for process in frozen:
                process.thaw()

    def _other_role(self):
        role, password = "taker", "pg-taker-secret"
        self._quietly(f"DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD '{password}'; EXCEPTION WHEN duplicate_object THEN END $$; "
                      f"GRANT CREATE, TEMPORARY ON DATABASE {self.world.db.name} TO {role}")
        for schema in ("pagehaul", TABLE.split(".")[0]):
            self._quietly(f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}; "
                          f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
        return role, password

    def _asked(self, sql):
        with contextlib.suppress(psycopg2.Error):
            return self.world.db.scalar(sql)

    def _cut_the_database(self, _fault, _over):
        self.world.database.cut()

    def _lose_the_answer_to_a_COMMIT(self, _fault, _over):
        self.world.database.lose_answer()

    def _cut_before_a_COMMIT(self, _fault, _over):
        self.world.database.cut_before()

    def _database_half_open(self, fault, over):
        """The answer to a COMMIT never comes, nor a close; it ends as such things do where a firewall forgets a connection."""
        rule = self.world.database.half_open(COMMIT)
        if not self._strikes(rule, over):
            return
        over.wait(fault.seconds)
        self.world.database.cut()

    def _stall_the_database(self, fault, over):
        self._for_a_while(self.world.database.stall, fault, over)

    def _refuse_the_database(self, fault, over):
        self._for_a_while(self.world.database.refuse, fault, over)

    def _restart_the_database(self, _fault, _over):
        with self._disk:
            self.world.keep(self.world.cluster.restart)

    def _crash_the_database(self, _fault, _over):
        with self._disk:
            self.world.keep(self.world.cluster.restart, "immediate")

    def _terminate_the_backends(self, _fault, _over):
        self._quietly("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")

    def _lock_the_target(self, fault, over):
        self._hold(f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE", fault.seconds, over)

    def _deadlock(self, _fault, over):
        """Rows of the target are locked from the highest key down, against the order of the merge."""
        self._hold(f"SELECT FROM (SELECT * FROM {TABLE} ORDER BY creativity_id DESC LIMIT 200) t, LATERAL (SELECT pg_sleep(0.002)) s, "
                   f"LATERAL (SELECT FROM {TABLE} u WHERE u.creativity_id = t.creativity_id FOR UPDATE) l", 0.2, over)

    def _jump_the_clock(self, _fault, _over):
        self._quietly("CREATE OR REPLACE FUNCTION pagehaul.clock() RETURNS timestamptz LANGUAGE sql VOLATILE "
                      "AS 'SELECT clock_timestamp() + interval ''20 minutes'''")
        self.world.clock_jumped = True

    def _cut_the_API(self, _fault, _over):
        self.world.source.cut()

    def _stall_the_API(self, fault, over):
        self._for_a_while(self.world.source.stall, fault, over)

    def _API_down(self, fault, over):
        self._for_a_while(self.world.source.refuse, fault, over)

    def _cut_the_gateway(self, _fault, _over):
        self.world.gateway.cut()

    def _stall_the_gateway(self, fault, over):
        self._for_a_while(self.world.gateway.stall, fault, over)

    def _end_the_databases_answers(self, fault, over):
        self._strikes(self.world.database.end_at(fault.byte), over)

    def _delay_the_databases_answers(self, fault, over):
        self._strikes(self.world.database.hold_at(fault.byte, fault.seconds), over)

    def _end_what_goes_to_the_database(self, fault, over):
        self._strikes(self.world.database.end_at(fault.byte, "up"), over)

    def _delay_what_goes_to_the_database(self, fault, over):
        self._strikes(self.world.database.hold_at(fault.byte, fault.seconds, "up"), over)

    def _end_the_APIs_answers(self, fault, over):
        self._strikes(self.world.source.end_at(fault.byte), over)

    def _delay_the_APIs_answers(self, fault, over):
        self._strikes(self.world.source.hold_at(fault.byte, fault.seconds), over)

    def _end_the_gateways_answers(self, fault, over):
        self._strikes(self.world.gateway.end_at(fault.byte), over)

    @staticmethod
    def _strikes(trap, over):
        """Waits until what was set in the proxy's way strikes. One that has not when the story is over is taken away: the next round would
        run into it, and nobody would end what it does."""
        while not trap.fired.wait(0.05):
            if over.is_set():
                trap.fired.set()
                return False
        return True

    def _fill_the_disk(self, fault, over):
        """Not a byte is left for the tables; PostgreSQL may even crash for want of room for its WAL."""
        if self.world.disk is None:
            return
        filler = pathlib.Path(self.world.disk, "filler")
        with self._disk:
            try:
                with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                    while file.write(bytes(1 << 16)):
                        pass
                over.wait(fault.seconds)
            finally:
                filler.unlink()
                if not self.world.cluster.running:
                    self.world.keep(self.world.cluster.start)

    def _kill_the_broker(self, fault, over):
        self.world.broker.kill()
        over.wait(fault.seconds)
        self.world.broker.start()

    def _cut_the_broker(self, _fault, _over):
        self.world.broker.link.cut()

    def _stall_the_broker(self, fault, over):
        self._for_a_while(self.world.broker.link.stall, fault, over)

    def _refuse_the_broker(self, fault, over):
        self._for_a_while(self.world.broker.link.refuse, fault, over)

    def _empty_the_queue(self, _fault, over):
        """Somebody else reads what is there; with Kafka that takes a share of the partitions from us first."""
        with self.world.hands_on() as probe:
            for _ in range(20):
                taken = probe.receive(ms=500).get("messages", [])
                probe.ask("done", *(one["tag"] for one in taken))
                if not taken and over.is_set():
                    return

    def _double_the_messages(self, _fault, over):
        """What waits comes twice more, in another order, and what somebody has read before him once again."""
        with self.world.hands_on() as probe:
            taken = probe.receive(ms=2000).get("messages", [])
            for one in [*reversed(taken), *taken]:
                if over.is_set():
                    return
                probe.ask("send", one["body"])
            probe.ask("release", *(one["tag"] for one in taken))

    def _send_rubbish(self, _fault, _over):
        with self.world.hands_on() as probe:
            for text in ("not one of ours", '{"v":1}', "{"):
                probe.ask("send", text)

    @staticmethod
    def _for_a_while(switch, fault, over):
        switch(True)
        over.wait(fault.seconds)
        switch(False)

    def _hold(self, sql, seconds, over: threading.Event):
        with contextlib.suppress(psycopg2.Error), contextlib.closing(self.world.db.connect()) as connection:
            connection.autocommit = False
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'; SET statement_timeout = '2s'")
                cursor.execute(sql)
                over.wait(seconds)
                connection.rollback()

    def _quietly(self, sql):
        """What may come before there is a ledger, or while nobody answers."""
        with contextlib.suppress(psycopg2.Error):
            self.world.db.query(sql)
