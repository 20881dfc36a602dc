"""A release of the chart with one pipeline, as a test sets it up."""

import json

from harness.pipeline import TOKEN, default_pipeline, merge

from .cluster import CHART

# Due on leap days only: the tests start their Jobs by hand.
NEVER = "0 0 29 2 *"


class Release:
    """Named as in the operator's guide: the release `reports`, the pipeline `creative-report`."""

    name, pipeline = "reports", "creative-report"
    cronjob = f"{name}-pagehaul-{pipeline}"

    def __init__(self, namespace, directory, api_url, dsn):
        self._namespace, self._folder = namespace, directory
        # The stop's time is a value of the chart.
        self.config = merge(default_pipeline(api_url), {"run": {"drain": None}})
        # The pipeline file to the letter, in the place of `config`.
        self.text = None
        # The chart's values, besides those of the pipeline.
        self.values = {}
        # More pipelines, {name: settings}.
        self.others = {}
        self.settings = {
            "schedule": NEVER,
            "run": {"deadline": "10m", "drain": "5s"},
            "secret": {"values": {"ACCESS_TOKEN": TOKEN, "DATABASE_URL": dsn}},
            # Two pods at once fit on a small machine.
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
        }

    def configure(self, *changes, **sections):
        """Merges changes into the pipeline file."""
        for change in (*changes, sections):
            self.config = merge(self.config, change)
        return self

    def set(self, **settings):
        """Merges values of the chart for this pipeline."""
        self.settings = merge(self.settings, settings)
        return self

    def install(self, tag="dev"):
        """tag: the image's, `dev` or `next` (run.sh)."""
        self._helm("install", self.name, CHART, *self.write(tag))
        return self

    def upgrade(self, tag="dev"):
        self._helm("upgrade", self.name, CHART, *self.write(tag))

    def template(self):
        """What Helm renders, for others to apply."""
        return self._helm("template", self.name, CHART, "--kube-version", self._namespace.cluster.version(), *self.write()).stdout

    def rollback(self, revision):
        self._helm("rollback", self.name, revision)

    def test(self, check=True):
        return self._helm("test", self.name, "--timeout=60s", check=check)

    def uninstall(self):
        self._helm("uninstall", self.name, "--wait", "--timeout=60s")

    def write(self, tag="dev"):
        """values.yaml and pipeline.yaml into the test's folder, as the operator's guide has them; Helm's arguments that name them."""
        values, pipeline = self._folder / "values.yaml", self._folder / "pipeline.yaml"
        values.write_text(json.dumps({
            **self.values, "image": {"repository": "localhost/pagehaul", "tag": tag, "pullPolicy": "Never"}, "pipelines": {self.pipeline: self.settings, **self.others}}))
        pipeline.write_text(self.text or json.dumps(self.config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return "--values", values, "--set-file", f"pipelines.{self.pipeline}.config={pipeline}"

    def _helm(self, *args, **options):
        return self._namespace.cluster.helm("--namespace", self._namespace.name, *args, **options)
