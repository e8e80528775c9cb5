"""Imports run downward only: what each layer may know of the others."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"
FILES = sorted((SRC / "ganvae").rglob("*.py"))

EVERYWHERE = {"ganvae.config", "ganvae.errors", "ganvae.storage"}
CONTRACT = EVERYWHERE | {"ganvae.model", "ganvae.processes", "ganvae.runtime"}
# a layer, and what of this project it may import; the other modules are above all of these
ALLOWED = {
    "ganvae.errors": set[str](),
    "ganvae.config": {"ganvae.errors"},
    "ganvae.storage": {"ganvae.errors"},
    "ganvae.runtime": EVERYWHERE,
    "ganvae.losses": EVERYWHERE,
    "ganvae.linear": set[str](),
    "ganvae.processes": {"ganvae.errors"},
    "ganvae.convolution": {"ganvae.linear"},
    "ganvae.networks": EVERYWHERE | {"ganvae.convolution", "ganvae.linear"},
    "ganvae.metrics": EVERYWHERE | {"ganvae.linear", "ganvae.metrics"},
    "ganvae.model": EVERYWHERE | {"ganvae.runtime"},
    "ganvae.updates": CONTRACT | {"ganvae.losses"},
    "ganvae.codes": {"ganvae.data"},
    "ganvae.jpeg": set[str](),
    "ganvae.principal": {"ganvae.errors"},
    "ganvae.grid": {"ganvae.config"},
    "ganvae.models": CONTRACT | {"ganvae.codes", "ganvae.data", "ganvae.losses", "ganvae.updates"},
}


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(file) for file in FILES}


def imported(file: Path) -> set[str]:
    """Modules of this repository that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & MODULES) or {str(node.module)}
    return {name for name in found if name.split(".")[0] in ("ganvae", "stages", "tests")}


def layer(module: str) -> str:
    """The layer of a module: itself, or for a package's file the package."""
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_imports_run_downward(file: Path) -> None:
    modules = imported(file)
    assert not {m for m in modules if not m.startswith("ganvae.")}, "src knows no stages, no tests"
    here = layer(module_name(file))
    if here in ALLOWED:
        forbidden = {m for m in modules if layer(m) not in ALLOWED[here]}
        assert not forbidden, f"{module_name(file)} may not import {sorted(forbidden)}"


def test_no_cycles() -> None:
    graph = {module_name(file): imported(file) for file in FILES}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(FILES)


def test_models_and_experiments_are_found_by_name() -> None:
    """A registry of them would re-run every stage when one is added."""
    by_name = ("ganvae.models", "ganvae.experiments")
    for file in FILES:
        named = {module for module in imported(file) if layer(module) in by_name}
        assert not named, f"{file}: {named}"


def test_config_knows_no_torch() -> None:
    for name in ("config", "errors"):
        tree = ast.parse((SRC / "ganvae" / f"{name}.py").read_text(encoding="utf-8"))
        modules = {
            alias.name if isinstance(node, ast.Import) else str(getattr(node, "module", ""))
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not any(module.split(".")[0] == "torch" for module in modules)


def test_package_files_are_empty() -> None:
    """A package's `__init__.py` with content would be a dependency of every stage."""
    packages = [file for file in FILES if file.name == "__init__.py"]
    assert len(packages) >= 5
    assert [file for file in packages if file.read_bytes().strip()] == []
