"""The pipeline file on its way into the pods."""

import json

import pytest

from harness.recovery import assert_complete
from kube.cluster import Failed

# As much as the chart takes; all annotations of an object have 256 KiB.
LARGEST = 96 << 10
ODD = "# 报表 \t 'quoted' \"twice\" {{ slice.a }} $${B} \\n <&>\n\n"


def padded(text, size):
    """With comments in front of it, of so many bytes in all."""
    missing = size - len(text.encode())
    line = "# " + "x" * 97 + "\n"
    return line * (missing // len(line) - 1) + "#" + "x" * (missing - (missing // len(line) - 1) * len(line) - 2) + "\n" + text


def test_it_arrives_to_the_letter(release, namespace, cluster, api, db):
    release.text = ODD + json.dumps(release.config, indent=1) + "\n# the end\n\n"
    api.set(hold_after=2)
    release.install()
    namespace.create_job(release.cronjob, "now")
    api.wait(held=1, timeout=60)

    read = cluster.mounted(namespace.wait_pod("now"), "config", "downward-api") / "pipeline.yaml"
    assert read.read_text(encoding="utf-8") == release.text
    api.set(hold=False)
    namespace.wait_job("now", "Complete")
    assert_complete(db, api)


@pytest.mark.slow("eight calls of Helm and kubectl with 96 KiB each")
def test_the_largest_one_is_installed_upgraded_and_applied_and_a_larger_one_refused(release, namespace, api, db):
    small = json.dumps(release.config) + "\n"
    release.text = padded(small, LARGEST)
    assert len(release.text.encode()) == LARGEST
    release.install()
    release.set(schedule="0 1 29 2 *").upgrade()
    release.set(schedule="0 2 29 2 *").upgrade()
    namespace.create_job(release.cronjob, "now")
    namespace.wait_job("now", "Complete")
    assert_complete(db, api)

    release.uninstall()
    for how in ("--server-side=false", "--server-side"):
        for hour in (3, 4):
            release.set(schedule=f"0 {hour} 29 2 *")
            namespace.kubectl("apply", how, "--force-conflicts" if how == "--server-side" else "--overwrite", "--filename", "-", stdin=release.template())
    release.text = padded(small, LARGEST + 1)
    with pytest.raises(Failed, match=rf"pipelines.{release.pipeline}.config"):
        release.install()
