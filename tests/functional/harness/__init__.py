"""Real servers and the real binary for the functional tests.

Every server listens on a free port of 127.0.0.1, keeps its files in a temporary directory, dies with the test process
and belongs to one pytest worker. Nothing here sleeps for a fixed time: waits poll a condition until a deadline.
"""
