"""The fixtures stand in harness/fixtures.py, which tests/observability uses too."""

pytest_plugins = ["harness.fixtures"]
