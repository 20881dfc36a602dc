"""The cluster as the tests use it: its API, a namespace a test, a release of the chart."""
