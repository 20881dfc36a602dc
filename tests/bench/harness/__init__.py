"""The parts of tests/bench/run.py: servers, contenders, one file a group of figures, the report."""
