"""Which tests a change leaves to the nightly set."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import nightly
from tests.project import ROOT


@dataclass
class Item:
    """A collected test, as far as the rule looks at it."""

    file: str
    touching: tuple[str, ...] = ()
    fixturenames: tuple[str, ...] = ()
    callspec: Any = None
    added: list[pytest.MarkDecorator] = field(default_factory=list)
    nodeid: str = "a test"

    @property
    def path(self) -> Path:
        return ROOT / self.file

    def iter_markers(self, name: str) -> list[Any]:
        return [SimpleNamespace(args=self.touching)] if self.touching else []

    def add_marker(self, marker: pytest.MarkDecorator) -> None:
        self.added.append(marker)


def of_network(architecture: str, model: str) -> Item:
    params = {"architecture": architecture, "name": model}
    return Item("tests/test_models.py", callspec=SimpleNamespace(params=params))


def of_report(paper: str) -> Item:
    return Item(f"tests/test_report_{paper}.py", fixturenames=("made", "papers"))


@pytest.mark.parametrize(
    ("item", "counts", "left"),
    [
        (Item("tests/test_losses.py"), ["README.md"], []),
        (
            Item("tests/test_cluster.py", touching=("src/ganvae/jobs/", "stages/attend.py")),
            ["src/ganvae/jobs/locks.py", "stages/attend.py", "tests/test_cluster.py"],
            ["src/ganvae/core/machine.py", "README.md"],
        ),
        (of_network("wide", "gan"), ["README.md"], []),
        (
            of_network("ghosh2020_gan", "wgan"),
            [
                "src/ganvae/networks/ghosh2020_gan.py", "src/ganvae/models/wgan/loss.py",
                "src/ganvae/networks/layers/grey.py", "tests/test_models.py",
            ],
            ["src/ganvae/networks/ghosh2020_vae.py", "src/ganvae/models/gan/loss.py"],
        ),
        (of_report(nightly.REPORT_FOR_ALL), ["README.md"], []),
        (
            of_report("ghosh2020"),
            [
                "src/ganvae/papers/ghosh2020/codes.py", "papers/ghosh2020/claims.yaml",
                "src/ganvae/papers/shared/rules.py", "tests/paper_results.py",
            ],
            ["src/ganvae/papers/mi2018/report.py", "papers/ghosh2020/report/values.csv"],
        ),
    ],
    ids=lambda value: value.file if isinstance(value, Item) else "",
)  # fmt: skip
def test_a_test_counts_where_the_change_touches_what_it_is_there_for(
    monkeypatch: pytest.MonkeyPatch, item: Item, counts: list[str], left: list[str]
) -> None:
    for file in [*counts, *left]:
        monkeypatch.setattr(nightly, "changed_files", lambda file=file: ["docs/a.md", file])
        item.added.clear()
        nightly.mark([item])  # type: ignore[list-item]
        assert bool(item.added) == (file in left), file


def test_without_a_history_all_tests_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "changed_files", lambda: None)
    item = of_report("ghosh2020")
    nightly.mark([item])  # type: ignore[list-item]
    assert not item.added


def test_a_file_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "changed_files", list)
    item = Item("tests/test_losses.py", touching=("src/ganvae/renamed/",))
    with pytest.raises(AssertionError, match="touching src/ganvae/renamed/: nothing there"):
        nightly.mark([item])  # type: ignore[list-item]
