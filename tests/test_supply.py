"""What comes from elsewhere is pinned, nothing loaded can run code, results name no one."""

import ast
import getpass
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project import ROOT

LOCK = [
    Requirement(line)
    for line in (ROOT / "requirements.lock").read_text().splitlines()
    if line and not line.startswith("#")
]


def test_everything_is_pinned_to_one_version() -> None:
    for locked in LOCK:
        assert [spec.operator for spec in locked.specifier] == ["=="], f"{locked}: not pinned"
        assert locked.url is None, f"{locked}: from an address of its own"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    named = [Requirement(text) for part in (project["dependencies"], *extras) for text in part]
    pinned = {canonicalize_name(locked.name): locked for locked in LOCK}
    for wanted in named:
        found = pinned.get(canonicalize_name(wanted.name), wanted)
        assert [spec.operator for spec in found.specifier] == ["=="], f"{wanted}: not locked"
        version = next(iter(found.specifier)).version
        assert wanted.specifier.contains(version), f"{wanted}, but {found} is locked"


def test_nothing_that_is_loaded_can_run_code() -> None:
    """Pickles run what they say."""
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "stages").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name.split(".")[0] for alias in node.names}
                names |= {(getattr(node, "module", None) or "").split(".")[0]}
                assert not names & {"pickle", "dill", "cloudpickle", "marshal", "shelve"}, where
            if isinstance(node, ast.Call):
                said = {
                    k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)
                }
                called = ast.unparse(node.func)
                assert called != "torch.load" or said.get("weights_only") is True, where
                assert called != "np.load" or said.get("allow_pickle", False) is False, where
                assert called not in ("eval", "exec", "yaml.unsafe_load"), where


def test_committed_results_name_no_machine_and_no_one() -> None:
    own = {str(Path.home()), str(ROOT), f"/{getpass.getuser()}/"}
    foreign = re.compile(r"/(?:home|Users|root|tmp|mnt|work)/[\w.-]+|[A-Z]:\\\\Users")
    for path in _results():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [word for word in own if word in text], path
        assert not foreign.findall(text), f"{path}: {foreign.findall(text)[:3]}"


def _results() -> Iterator[Path]:
    """Committed files that a command has written."""
    folders = ("metrics", "plots", "papers", "benchmarks/results", "dvc.lock", "docs/results.md")
    listing = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    texts = (".json", ".csv", ".md", ".lock", ".yaml", ".tex", ".html", ".svg")
    yield from (ROOT / name for name in listing if name.endswith(texts) and (ROOT / name).is_file())
