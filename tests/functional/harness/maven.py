"""Servers of the Java world, from Maven Central, fetched once a machine. As a program: fetches all of them, before tests wait for it."""

import os
import pathlib
import shutil
import subprocess
import tempfile

KAFKA = "org.apache.kafka:kafka_2.13:3.9.1"
ELASTICMQ = "org.elasticmq:elasticmq-server_2.13:1.6.12"

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>pagehaul</groupId><artifactId>tests</artifactId><version>1</version>
<dependencies><dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency></dependencies></project>"""


def jars(coordinates):
    """The folder with the jars of "group:artifact:version" and of all that it needs."""
    kept = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "pagehaul" / "jars"
    folder = kept / coordinates.split(":", 1)[1].replace(":", "-")
    if not folder.is_dir():
        kept.mkdir(parents=True, exist_ok=True)
        part = pathlib.Path(tempfile.mkdtemp(prefix="part-", dir=kept))
        try:
            (part / "pom.xml").write_text(_POM.format(*coordinates.split(":")))
            done = subprocess.run(
                ["mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
                 "-DincludeScope=runtime", f"-DoutputDirectory={part / 'lib'}"],
                cwd=part, capture_output=True, text=True, timeout=300)
            if done.returncode:
                raise RuntimeError(f"mvn: {coordinates}\n{done.stdout}{done.stderr}")
            try:
                (part / "lib").rename(folder)
            except OSError:  # somebody was first
                assert folder.is_dir()
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


if __name__ == "__main__":
    for server in (KAFKA, ELASTICMQ):
        print(jars(server))
