"""What the platforms have in common."""

import datetime
import json
import pathlib
import threading
import urllib.parse

import yaml

from harness.asked_api import AskedApi

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "deploy" / "examples"
DAYS = ("2026-11-01", "2026-11-02")


class Refused(Exception):
    """Carries the answer: (status, headers, body)."""

    def __init__(self, status, body, **headers):
        super().__init__(status, body)
        self.answer = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


class Platform:
    """One that listens, until close(). `broken`: which of its rules were broken, in its words; `turned_away`: how often it sent somebody away who had
    broken none, as each of them does now and then.

    What a platform says of itself:"""

    example = ""             # the name of its file in deploy/examples, without .yaml
    environment = {}         # what the example's ${NAME} are
    wrong = ""               # of these, the one that must be right
    days = None              # the slice that is of days: these two are pulled
    settings = ()            # more --set arguments
    most = 100               # rows of a page
    beyond_most = "refused"  # where more are asked for, or "cut"
    proof = "counts"         # what a success may say
    rows = 235               # of each slice

    def __init__(self):
        self.broken, self.turned_away = [], 0
        self.config = yaml.safe_load((EXAMPLES / f"{self.example}.yaml").read_text())
        self._asked = 0
        self._lock = threading.RLock()
        self._api = AskedApi(self._answer)
        self.url, self.close = self._api.url, self._api.close

    def _answer(self, asked):
        with self._lock:
            try:
                return self.answer(asked)
            except Refused as refused:
                return refused.answer

    # --- for each platform to say

    def answer(self, asked):
        """A body, (status, headers, body), or Refused."""
        raise NotImplementedError

    def record(self, number, **slice):
        """The record of this number, from 0, of a slice, as the platform tells it."""
        raise NotImplementedError

    def row(self, number, **slice):
        """What the table has of it, in the order of its columns."""
        raise NotImplementedError

    # --- for answer()

    def records(self, first, size, **slice):
        """Those of a page."""
        return [self.record(number, **slice) for number in range(first, min(first + size, self.rows))]

    def refuse(self, status, body, **headers):
        """Somebody has broken a rule."""
        self.broken.append(f"{status} {json.dumps(body, ensure_ascii=False)}")
        raise Refused(status, body, **headers)

    def turn_away(self, at, status, body, **headers):
        """Refuses the request of that number, and no other."""
        self._asked += 1
        if self._asked == at:
            self.turned_away += 1
            raise Refused(status, body, **headers)

    @staticmethod
    def number(text, least=1):
        """The number of a query's parameter; None where it is none."""
        try:
            return int(text) if int(text) >= least else None
        except (TypeError, ValueError):
            return None

    # --- for the test

    def slices(self):
        """The parameters of each slice of the example, with the days that arguments() asks for."""
        combined = [{}]
        for name, values in self.config["source"].get("slices", {}).items():
            combined = [{**one, name: str(value)} for one in combined for value in (DAYS if name == self.days else values)]
        return combined

    def arguments(self):
        """What the example is told so that it comes here instead, asks as fast as it can and waits for no quota."""
        source = self.config["source"]
        told = {"source.base_url": source["base_url"], "source.auth.token_url": source.get("auth", {}).get("token_url")}
        told = {key: self.url + urllib.parse.urlsplit(url).path for key, url in told.items() if url}
        told |= {"source.limits.max_pause": "200ms", "source.limits.rate": "1000/s", "source.limits.burst": "100", "source.retry.base": "10ms"}
        rules = source.get("response", {}).get("rules", ())
        told |= {f"source.response.rules.{number}.pause": "50ms" for number, rule in enumerate(rules) if "pause" in rule}
        if "max" in source.get("retry", {}):
            told["source.retry.max"] = "200ms"
        if self.days:
            told |= {f"source.slices.{self.days}.{end}": day for end, day in zip(("from", "to"), DAYS)}
        return [word for key, value in told.items() for word in ("--set", f"{key}={value}")] + list(self.settings)

    def expected(self):
        """The table's rows."""
        return sorted((self.row(number, **slice) for slice in self.slices() for number in range(self.rows)), key=repr)


def utc(text):
    """A time of UTC as the database gives it."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)


def day(text):
    return datetime.date.fromisoformat(text)
