"""Every command of docs/tutorial.md, typed in its order by a new user after the demo."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests import project, test_sixth_model
from tests.demo_run import Demo
from tests.pipelines import MODELS, ran
from tests.test_sixth_model import NEW, OWN

PAGE = (project.ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
DEMO, STUDY, LOOK, EXPERIMENT, BACK, FOLDER, MODEL = [
    block.splitlines() for block in re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL)
]

pytestmark = pytest.mark.touching(
    "docs/tutorial.md", "docs/adding_a_model.md", "dvc.yaml", "params.yaml", "stages/",
    "src/ganvae/models/", "src/ganvae/comparison/", "src/ganvae/figures/", "src/ganvae/verbs/",
)  # fmt: skip


def type_in(folder: Path, lines: list[str]) -> list[str]:
    """What each line prints, with the clone's code in the place of the installed one."""
    source = str(folder / "src")
    return [
        project.succeed(project.command(folder, "sh", "-c", line, PYTHONPATH=source))
        for line in lines
    ]


def results(folder: Path) -> dict[str, bytes]:
    return {model: (folder / f"metrics/{model}.json").read_bytes() for model in MODELS}


def test_the_tutorial(demo: Demo, tmp_path: Path) -> None:
    assert DEMO == ["make demo", ". .venv/bin/activate"]  # which the demo's fixture has done
    folder = tmp_path / "clone"
    shutil.copytree(demo.clone, folder, symlinks=True)

    said = type_in(folder, STUDY)
    assert ran(said[STUDY.index("dvc repro")]) <= {"compare", "report"}
    assert type_in(folder, ["git status --porcelain"]) == [""]
    of_digits = results(folder)
    assert of_digits == results(demo.folder)

    type_in(folder, LOOK)
    said = type_in(folder, EXPERIMENT)
    own = {"check_params", "train_gan", "evaluate@gan", "compare", "report"}
    assert ran(said[0]) == own
    assert "models.gan.generator.lr_multiplier 2.5 → 5.0" in " ".join(said[1].split())
    assert "models.gan.generator.lr_multiplier" in said[2]
    assert (folder / "dvc_plots/index.html").is_file()
    assert results(folder)["gan"] != of_digits["gan"]
    type_in(folder, BACK)
    assert results(folder) == of_digits
    assert type_in(folder, ["dvc status"]) == ["Data and pipelines are up to date.\n"]

    type_in(folder, FOLDER)
    test_sixth_model.add(folder)
    said = type_in(folder, MODEL)
    assert ran(said[MODEL.index("dvc repro")]) == {"check_params"} | OWN
    assert results(folder) == of_digits
    rows = pd.read_csv(folder / "metrics/comparison.csv")["row"]
    assert [row for row in rows if ", mixture" not in row][:6] == [*MODELS, NEW]
    assert f"\n{NEW} generator.loss," in (folder / "plots/losses.csv").read_text(encoding="utf-8")
    assert f"\n{NEW}," in (folder / "plots/class_entropy.csv").read_text(encoding="utf-8")
    assert (folder / "lsgan.png").is_file()
    assert type_in(folder, ["dvc repro"])[0].count("Running stage") == 0
