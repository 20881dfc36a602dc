"""The one way to wait: poll a condition until a deadline."""

import time


def eventually(predicate, timeout=20.0, what=None, interval=0.01):
    """Polls until predicate() is truthy and returns its value; AssertionError after `timeout` seconds.

    An AssertionError inside the predicate counts as "not yet" and is quoted in the failure.
    """
    deadline = time.monotonic() + timeout
    while True:
        reason = None
        try:
            value = predicate()
            if value:
                return value
        except AssertionError as error:
            reason = error
        if time.monotonic() >= deadline:
            name = what or getattr(predicate, "__name__", "the condition")
            raise AssertionError(f"not within {timeout:g} s: {name}" + (f" ({reason})" if reason else ""))
        time.sleep(interval)
