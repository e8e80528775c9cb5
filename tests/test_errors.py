"""How a command ends: its text on any terminal, and its process with the one that began it."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import project

COMMAND = [sys.executable, "-c"]
PRINTS = """from ganvae.errors import UserError, run
def main():
    print("λ")
    raise UserError("ü")
run(main)"""
WAITS = """import pathlib, time
from ganvae.errors import run
run(lambda: (pathlib.Path("begun").touch(), time.sleep(60)))"""
STARTS = f"""import subprocess, sys, time
stage = subprocess.Popen([sys.executable, "-c", {WAITS!r}], stdout=subprocess.DEVNULL)
print(stage.pid, flush=True)
time.sleep(60)"""
# the command behind the stage keeps every shell from becoming the stage
BY_SHELL = f"""import shlex, subprocess, sys, time
line = shlex.join([sys.executable, "-c", {WAITS!r}]) + "; true"
shell = subprocess.Popen(["/bin/sh", "-c", line], stdout=subprocess.DEVNULL)
time.sleep(0.5)
print(shell.pid, flush=True)
time.sleep(60)"""


def test_text_goes_out_whatever_the_encoding() -> None:
    escaped = b"\\u03bb"
    for encoding, printed in (("ascii", escaped), ("cp1252", escaped), ("utf-8", "λ".encode())):
        environment = project.environment(PYTHONIOENCODING=encoding)
        done = subprocess.run([*COMMAND, PRINTS], env=environment, capture_output=True)
        assert done.returncode == 1
        assert done.stdout.strip() == printed
        assert done.stderr.startswith(b"error: ")


@pytest.mark.parametrize(
    ("variables", "starts"),
    [({"DVC_STAGE": "evaluate@vae"}, STARTS), ({"DVC_STAGE": "evaluate@vae"}, BY_SHELL),
     ({}, STARTS)],
    ids=["dvc", "by a shell that stays", "nohup"],
)  # fmt: skip
def test_a_stage_ends_with_the_dvc_that_started_it(
    tmp_path: Path, variables: dict[str, str], starts: str
) -> None:
    dvc = subprocess.Popen(
        [*COMMAND, starts],
        cwd=tmp_path,
        env=project.environment(**variables),
        stdout=subprocess.PIPE,
    )
    assert dvc.stdout
    stage = psutil.Process(int(dvc.stdout.readline()))
    stage = (stage.children() or [stage])[0]
    while not (tmp_path / "begun").exists():
        assert dvc.poll() is None
        time.sleep(0.02)
    dvc.kill()
    dvc.communicate()
    try:
        stage.wait(10 if variables else 1)
    except psutil.TimeoutExpired:
        stage.kill()
        assert not variables
    else:
        assert variables, "what a user started goes on, as behind nohup"
