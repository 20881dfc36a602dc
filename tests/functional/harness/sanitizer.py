"""What a binary built with a sanitizer needs in its environment, and how its reports are recognised."""

import functools
import pathlib
import re

_SUPPORT = pathlib.Path(__file__).resolve().parents[2] / "support"
REPORT = re.compile(r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|: runtime error: )")
# None of the program's own: a run that ends with a report is never taken for one that ended as the test wanted.
EXIT = 66


@functools.lru_cache
def environment(binary):
    """Empty for a plain build. tests/support/unit.sh sets the same for the unit tests."""
    code = pathlib.Path(binary).read_bytes()
    env = {}
    if b"__asan_init" in code:
        env["ASAN_OPTIONS"] = f"detect_leaks=1:exitcode={EXIT}"
        env["LSAN_OPTIONS"] = f"suppressions={_SUPPORT / 'lsan.supp'}:print_suppressions=0:exitcode={EXIT}"
    if b"__ubsan_handle" in code:
        env["UBSAN_OPTIONS"] = f"print_stacktrace=1:exitcode={EXIT}"
    if b"__tsan_init" in code:
        env["TSAN_OPTIONS"] = f"suppressions={_SUPPORT / 'tsan.supp'}:print_suppressions=0:exitcode={EXIT}"
    return env
