"""PagehaulRunMissed over two weeks of schedules whose gaps differ, as kube-state-metrics tells of their CronJobs: `promtool test rules`.

Time begins at 0, a Monday at 00:00. A run takes 20 minutes."""

import itertools
import subprocess

import pytest
import yaml
from conftest import alert_rules

MINUTE, HOUR, DAY = 60, 3600, 86400
STEP, RUN, SLACK, END = 5 * MINUTE, 20 * MINUTE, 4 * HOUR, 14 * DAY
FIRING = 'ALERTS{alertname="PagehaulRunMissed", alertstate="firing"}'


def each_day(*hours, days=range(7)):
    """When such a schedule is due, from two weeks before the beginning to four after it."""
    return [day * DAY + hour * HOUR for day in range(-14, 28) for hour in hours if day % 7 in days]


SCHEDULES = {
    "0 6 * * 1-5": each_day(6, days=range(5)),
    "0 6,12 * * *": each_day(6, 12),
    "0 8-18 * * *": each_day(*range(8, 19)),
    "0 8-18 * * 1-5": each_day(*range(8, 19), days=range(5)),
    "@hourly": each_day(*range(24)),
    "@daily": each_day(0),
    "@weekly": each_day(0, days=[6]),
}


class CronJob:
    """One that was made long ago. fails_from, stays_away_from: the first start that fails, and that does not come; none after it is any better."""

    def __init__(self, due, fails_from=END * 2, stays_away_from=END * 2):
        self._due = due
        self._starts = [at for at in due if at < stays_away_from]
        self._successes = [at + RUN for at in self._starts if at < fails_from]

    def at(self, now):
        """{series: its value then}"""
        last = max(at for at in self._starts if at <= now)
        return {"status_last_schedule_time": last, "status_last_successful_time": max(at for at in self._successes if at <= now),
                "next_schedule_time": min(at for at in self._due if at > last), "created": -100 * DAY, "spec_suspend": 0}

    def series(self):
        told = [self.at(now) for now in range(0, END + 1, STEP)]
        for name in told[0]:
            runs = [(value, len(list(alike))) for value, alike in itertools.groupby(one[name] for one in told)]
            yield {"series": f'kube_cronjob_{name}{{namespace="etl", cronjob="pagehaul-orders"}}', "values": " ".join(f"{value}x{many - 1}" for value, many in runs)}


@pytest.fixture
def alert(tmp_path):
    """alert(cronjob, silent_until, fires_at): holds the rule to both, in seconds; None: never."""
    (rule,) = [rule for rule in alert_rules() if rule["alert"] == "PagehaulRunMissed"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "pagehaul", "rules": [rule]}]}), encoding="utf-8")

    def holds(cronjob, silent_until, fires_at=None):
        checks = [{"expr": f"count_over_time({FIRING}[{END}s])", "eval_time": f"{silent_until}s", "exp_samples": []}]
        if fires_at is not None:
            checks.append({"expr": f"count({FIRING})", "eval_time": f"{fires_at}s", "exp_samples": [{"labels": "{}", "value": 1}]})
        case = {"interval": f"{STEP}s", "input_series": list(cronjob.series()), "promql_expr_test": checks}
        file = tmp_path / "case.yaml"
        file.write_text(yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": f"{STEP}s", "tests": [case]}), encoding="utf-8")
        done = subprocess.run(["/usr/bin/promtool", "test", "rules", file], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    return holds


@pytest.fixture(params=SCHEDULES)
def due(request):
    return SCHEDULES[request.param]


def later_than(now, due):
    return min(at for at in due if at > now)


def test_a_healthy_one_is_never_told_of(alert, due):
    alert(CronJob(due), silent_until=END)


@pytest.mark.parametrize("broken_after", [2 * DAY, 4 * DAY + 7 * HOUR], ids=["in the week", "before the weekend"])
@pytest.mark.parametrize("how", ["fails_from", "stays_away_from"])
def test_one_that_breaks_is_told_of_when_the_slack_of_its_first_bad_start_is_over(alert, due, how, broken_after):
    """So nobody waits longer than an interval and the slack, and `for` on top."""
    first_bad = later_than(broken_after, due)
    alert(CronJob(due, **{how: first_bad}), silent_until=first_bad + SLACK, fires_at=first_bad + SLACK + 2 * STEP)
