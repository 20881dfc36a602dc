"""The commands of the operator's guide, deploy/README.md, as its reader runs them: a block by its heading and its place there.

The first block of the guide goes before each: it names JOB and `k`.
"""

import os
import pathlib
import shutil
import subprocess

from harness.commands import ROOT, block, blocks, filled

GUIDE = "deploy/README.md"
# {(heading, place): why no test runs that block}
NOT_RUN = {}


class Guide:
    """For one namespace, which stands where the guide says `data`. `folder` becomes the reader's own: chart and deploy are in it, as in the repository."""

    def __init__(self, namespace, folder):
        self._namespace, self.folder = namespace, pathlib.Path(folder)
        for name in ("helm", "deploy"):
            shutil.copytree(ROOT / name, self.folder / name)

    def run(self, heading, place=1, fills=None, env=None, check=True):
        """Runs that block. fills: {text of the block: what the reader puts there}; env: more variables. The CompletedProcess; an AssertionError when it does
        not exit 0 and check is on."""
        held = block(GUIDE, heading, place)
        command = filled(held, self._told(held.text), fills or {})
        prelude = self._told(blocks(GUIDE)[0].text)
        cluster = self._namespace.cluster
        tools = os.pathsep.join(map(str, (cluster.tools, cluster.helm_binary.parent, ROOT / "build" / "dev", os.environ["PATH"])))
        done = subprocess.run(["bash", "-euo", "pipefail", "-O", "expand_aliases", "-s"], input=prelude + command, cwd=self.folder, capture_output=True, text=True,
                              timeout=120, env={**os.environ, "PATH": tools, "KUBECONFIG": str(cluster.kubeconfig), **(env or {})})
        assert not check or done.returncode == 0, f"{held}: exit {done.returncode}\n{command}--- says\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done

    def _told(self, text):
        return text.replace("--namespace data", f"--namespace {self._namespace.name}")
