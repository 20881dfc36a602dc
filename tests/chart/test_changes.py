"""What changed in the chart: CHANGELOG.md and what Artifact Hub is told are one, and of the chart's version."""

import changes
import pytest
import yaml
from conftest import CHART


def test_artifact_hub_is_told_of_the_charts_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version, told = changes.newest((CHART / "CHANGELOG.md").read_text())
    assert version == chart["version"] and told
    assert yaml.safe_load(chart["annotations"]["artifacthub.io/changes"]) == told


def test_a_line_may_be_broken_and_older_versions_are_not_told():
    text = "# Changelog\n\n## 2.0.0\n\n### Added\n\n- One\n  thing.\n- Another: `a: b`.\n\n### Fixed\n\n- A third.\n\n## 1.0.0\n\n### Added\n\n- Old.\n"
    assert changes.newest(text) == ("2.0.0", [
        {"kind": "added", "description": "One thing."}, {"kind": "added", "description": "Another: `a: b`."}, {"kind": "fixed", "description": "A third."}])


def test_a_kind_that_artifact_hub_has_not_is_refused():
    with pytest.raises(SystemExit, match="### New: expected one of Added, Changed"):
        changes.newest("## 1.0.0\n\n### New\n\n- A.\n")


@pytest.mark.parametrize(("file", "old", "new", "said"), [
    ("CHANGELOG.md", "## 0", "## 9", "begins with 9.1.0: expected 0.1.0, the version in Chart.yaml"),
    ("CHANGELOG.md", "off by default.", "on by default.", "Chart.yaml is not what CHANGELOG.md says"),
    ("Chart.yaml", "kind: added", "kind: fixed", "Chart.yaml is not what CHANGELOG.md says"),
])
def test_a_difference_is_found(monkeypatch, tmp_path, file, old, new, said):
    for name in ("CHANGELOG.md", "Chart.yaml"):
        (tmp_path / name).write_text((CHART / name).read_text())
    monkeypatch.setattr(changes, "CHART", tmp_path)
    monkeypatch.setattr("sys.argv", ["changes.py", "--check"])
    changes.main()
    (tmp_path / file).write_text((tmp_path / file).read_text().replace(old, new))
    with pytest.raises(SystemExit, match=said):
        changes.main()
