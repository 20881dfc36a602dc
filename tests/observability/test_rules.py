"""The alerts, without a server: promtool's opinion, and what it has none on."""

import re
import subprocess

import pytest
import yaml
from conftest import GUIDE, ROOT, RULES, alert_rules, all_rules, held_names

ALERTS = alert_rules()
NAMES = [alert["alert"] for alert in ALERTS]
CASES = sorted((ROOT / "tests" / "observability").glob("rules*_test.yaml"))


def promtool(*arguments):
    done = subprocess.run(["/usr/bin/promtool", *arguments], capture_output=True, text=True, timeout=600)
    return done.returncode, done.stdout + done.stderr


def anchors():
    """As a Markdown renderer makes them of the guide's headings."""
    headings = re.findall(r"^#+ (.+)$", GUIDE.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_promtool_takes_them():
    code, output = promtool("check", "rules", "--lint-fatal", RULES)
    assert code == 0 and f"SUCCESS: {len(all_rules())} rules found" in output, output


def test_each_held_name_is_made_alike_of_its_own_metric_and_of_itself():
    """What another rule handed on would be a wrong number, and no test of an alert might see it."""
    made = {rule["record"]: rule["expr"] for rule in all_rules() if "record" in rule}
    assert len({made[name].replace(name, "HELD").replace(name.replace(":", "_"), "TOLD") for name in held_names()}) == 1


def test_what_is_held_is_there_before_it_is_asked_for():
    """Rules of a group are evaluated one after the other."""
    kinds = ["record" if "record" in rule else "alert" for rule in all_rules()]
    assert kinds == sorted(kinds, reverse=True) and [rule.get("record") for rule in all_rules()].index("pagehaul:pipelines") == len(held_names()) + 1


def test_nothing_is_held_for_nobody_and_nobody_asks_for_what_is_not():
    asked = "".join([alert["expr"] for alert in ALERTS] + [path.read_text(encoding="utf-8") for path in (ROOT / "deploy" / "grafana").glob("*.json")])
    assert set(re.findall(r"pagehaul:\w+", asked)) == set(held_names())


def test_no_held_name_is_of_processes():
    """They would be at work for ever."""
    assert not [name for name in held_names() if re.search("worker|process|in_progress|in_flight|depth|memory|buffer|age_seconds", name)]


@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.stem)
def test_each_fires_and_clears(cases):
    code, output = promtool("test", "rules", cases)
    assert code == 0, output


@pytest.mark.parametrize("name", NAMES)
def test_promtool_was_asked_for_silence_then_an_alert_then_silence(name):
    """In one test at least, so that it is the alert that comes and goes."""
    asked = [[bool(check.get("exp_alerts")) for check in case.get("alert_rule_test", ()) if check["alertname"] == name]
             for cases in CASES for case in yaml.safe_load(cases.read_text(encoding="utf-8"))["tests"]]
    assert [False, True, False] in [[fires for at, fires in enumerate(case) if at == 0 or case[at - 1] != fires] for case in asked]


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_says_how_grave_it_is_and_what_is_the_matter_and_waits_a_little(alert):
    assert alert["alert"].startswith("Pagehaul") and alert["for"]
    assert alert["labels"]["severity"] in ("critical", "warning")
    notes = alert["annotations"]
    assert notes.keys() == {"summary", "description", "runbook_url"}
    # Those of Kubernetes' own metrics know no pipeline, nor does that of the Pushgateway.
    for text in (notes["summary"], notes["description"]):
        assert any(f"{{{{ $labels.{of} }}}}" in text for of in ("pipeline", "cronjob", "pod", "job"))
    assert any(told in notes["description"] for told in ("{{ $value", "{{ $labels.reason }}", "{{ $labels.job }}"))


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_has_a_section_in_the_operators_guide(alert):
    page, anchor = alert["annotations"]["runbook_url"].split("#")
    assert page.endswith("/deploy/README.md") and anchor == alert["alert"].lower()
    assert anchor in anchors()


def test_no_section_is_left_of_an_alert_that_there_is_no_more():
    assert {anchor for anchor in anchors() if anchor.startswith("pagehaul") and anchor != "pagehaul"} == {name.lower() for name in NAMES}
