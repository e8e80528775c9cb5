"""Imports run downward only: what each folder of src/ganvae may know of the others."""

import ast
from graphlib import TopologicalSorter

from tests.project import ROOT

SRC = ROOT / "src" / "ganvae"

LAYERS = (  # each imports from those above it alone; what stands side by side, not each other
    "errors",
    "core",
    "jobs data metrics networks",
    "models/base",
    "models",
    "judging",
    "training evaluation floors",
    "figures",
    "comparison",
    "pages",
    "experiments celeba tools",
    "papers",
    "verbs",
    "use __main__",
)


def layer(module: str) -> str:
    """The folder of a module of ganvae; a folder of models/ apart from models/base is models."""
    parts = module.split(".")[1:]
    return "models/base" if parts[:2] == ["models", "base"] else parts[0]


def imports() -> dict[str, set[str]]:
    """Module -> the modules of ganvae that it imports, inside functions too."""
    files = {
        ".".join(f.relative_to(SRC.parent).with_suffix("").parts): f for f in SRC.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for module, file in files.items():
        names: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
                inside = {f"{node.module}.{alias.name}" for alias in node.names} & files.keys()
                names |= inside or {str(node.module)}
        own = ("ganvae", "stages", "tests", "benchmarks")
        found[module] = {name for name in names if name.split(".")[0] in own}
    return found


def test_imports_run_downward() -> None:
    rank = {name: number for number, names in enumerate(LAYERS) for name in names.split()}
    for module, imported in imports().items():
        if module.endswith("__init__"):
            continue
        here = layer(module)
        for other in imported:
            assert other.startswith("ganvae."), f"{module} imports {other}: src knows src alone"
            down = layer(other) == here or rank[layer(other)] < rank[here]
            assert down, f"{module} imports {other}"


def test_no_cycles() -> None:
    assert len(list(TopologicalSorter(imports()).static_order())) > 100


def test_what_is_found_by_its_name_is_imported_by_nobody_else() -> None:
    """A registry of models, networks or experiments would re-run every stage for a new one."""
    for module, imported in imports().items():
        for other in imported:
            parts = other.split(".")
            model = parts[1] == "models" and parts[2:] and parts[-1] == "model"
            network = parts[1] == "networks" and len(parts) == 3
            experiment = parts[1] == "experiments" and len(parts) == 3
            assert not any((model, network, experiment)), f"{module} imports {other}"


def test_core_config_and_errors_know_no_torch() -> None:
    for name in ("core/config", "errors"):
        assert "torch" not in (SRC / f"{name}.py").read_text(encoding="utf-8")


def test_package_files_are_empty() -> None:
    """A folder's `__init__.py` with content would be a dependency of every stage."""
    packages = list(SRC.rglob("__init__.py"))
    assert {file.parent for file in packages} == {file.parent for file in SRC.rglob("*.py")}
    assert [file for file in packages if file.read_bytes()] == []
