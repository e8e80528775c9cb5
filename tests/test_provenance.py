"""Where a number comes from: told in a clone without data, from the repository's own dvc.lock."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from ganvae.comparison import measurements, summary
from ganvae.comparison.compared import COMPARISON
from ganvae.core import config, storage
from ganvae.errors import UserError
from ganvae.tools import provenance
from stages import provenance as stage
from tests import fake_details, fake_study
from tests.project import ROOT


def test_what_is_committed_of_the_study_is_what_its_lock_records() -> None:
    """Else `dvc repro` of a fresh clone would measure again, without the data that it needs."""
    stages = config.load(ROOT / "dvc.lock")["stages"].values()
    outs = {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", ())}
    kept = {path: md5 for path, md5 in outs.items() if not path.startswith("data/")}
    assert {"metrics/comparison.json", "plots", "reports/report.html"} < set(kept)
    assert {path: provenance.checksum(ROOT, path) for path in kept} == kept


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git has: code, parameters, lock and a comparison; no data."""
    study, root = tmp_path_factory.mktemp("study"), tmp_path_factory.mktemp("clone")
    params = config.load(ROOT / "params.yaml")
    params["train"]["seeds"] = [0, 1, 2]
    fake_study.write(study, params)
    read = measurements.read(params, study)
    document = summary.document(read, summary.rows(read))
    storage.write_json(root / "metrics/comparison.json", document)
    for name in ("src", "stages"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    for name in ("dvc.lock", "params.yaml"):
        shutil.copy2(ROOT / name, root)
    return root


@pytest.fixture
def clone(committed: Path, tmp_path: Path) -> Path:
    """A copy whose lock records the code and the parameters as they are now."""
    root = Path(shutil.copytree(committed, tmp_path / "clone"))
    lock, params = config.load(root / "dvc.lock"), config.load(root / "params.yaml")
    for values in lock["stages"].values():
        for dep in [*values["deps"], *values["outs"]]:
            if (root / dep["path"]).exists():
                dep["md5"] = provenance.checksum(root, dep["path"])
        recorded = values.get("params", {}).get("params.yaml", {})
        values.setdefault("params", {})["params.yaml"] = {
            key: config.section(params, key) for key in recorded
        }
    lock["stages"]["compare"]["outs"] = [
        out for out in lock["stages"]["compare"]["outs"] if (root / out["path"]).exists()
    ]
    storage.write_text(root / "dvc.lock", yaml.safe_dump(lock, sort_keys=False))
    return root


def lines(text: str, block: str) -> dict[str, str]:
    """The lines of one block, title -> text."""
    (found,) = [part for part in text.split("\n\n") if part.splitlines()[0] == block]
    pairs = [line.strip().split("  ", 1) for line in found.splitlines()[1:]]
    return {title: value.strip() for title, value in pairs}


def test_checksums_are_dvcs_own() -> None:
    with Repo(str(ROOT)) as repo:
        deps = {str(dep): dep for stage in repo.index.stages for dep in stage.deps}
        code = [path for path in deps if path.startswith(("src/", "stages/"))]
        assert {"src/ganvae/figures", "src/ganvae/models/gan/loss.py"} <= set(code)
        for path in code:
            assert provenance.checksum(ROOT, path) == deps[path].get_hash().value
    assert provenance.checksum(ROOT, "no such file") is None


def test_a_value_comes_with_seeds_commits_machine_data_and_judge(committed: Path) -> None:
    text = provenance.report(committed, "gan", "fid_classifier")
    value, everything, gan = (lines(text, b) for b in ("gan, fid_classifier", "all", "gan"))
    assert value["value"] == "71.00 ± 1.00, mean ± standard deviation of 3 seeds"
    assert value["seeds"] == "0: 70.00, 1: 71.00, 2: 72.00"
    assert value["sampling"].endswith(f"[{0.98 * 71:.2f}, {1.04 * 71:.2f}]")
    lock = config.load(ROOT / "dvc.lock")["stages"]
    for out in (*lock["download"]["outs"], *lock["preprocess"]["outs"]):
        assert out["md5"] in everything["raw data"] + everything["images"]
    assert lock["train_classifier"]["outs"][0]["md5"] in everything["judge"]
    assert "test accuracy 0.9921" in everything["judge"]
    assert "inversion_steps 30" in everything["protocol"]
    assert gan["images"] == "50 against 50"
    machine = "at 0123456789ab, device cpu: Some Processor; torch 2.15.0"
    assert gan["trained"] == gan["evaluated"] == machine
    recorded = lock["train_gan"]["params"]["params.yaml"]["train"]
    assert gan["train"].startswith(f"lr {recorded['lr']}, lr_decay {recorded['lr_decay']}")
    assert "generator.betas [0.5 0.999]" in gan["models.gan"]


def test_code_and_parameters_as_recorded(clone: Path) -> None:
    storage.write_text(clone / "src/ganvae/metrics/__pycache__/modes.pyc", "of the interpreter")
    storage.write_text(clone / "src/ganvae/metrics/modes.py~", "of an editor")
    text = provenance.report(clone)
    assert "CHANGED" not in text
    deps = config.load(clone / "dvc.lock")["stages"]["train_vae"]["deps"]
    count = sum(dep["path"].startswith(("src/", "stages/")) for dep in deps)
    assert (
        lines(text, "vae; vae, mixture")["code of train_vae"]
        == f"{count} sources as recorded in dvc.lock"
    )


@pytest.mark.parametrize(
    ("path", "stages"),
    [
        ("src/ganvae/models/vae/model.py", {"train_vae", "evaluate@vae"}),
        ("src/ganvae/metrics/new.py", {"evaluate@vae", "evaluate_real"}),
        ("src/ganvae/metrics/modes.py", {"evaluate@vae", "evaluate_real"}),
        ("stages/compare.py", {"compare"}),
        ("src/ganvae/tools/provenance.py", set()),
    ],
)
def test_changed_code_is_named_where_it_counts(clone: Path, path: str, stages: set[str]) -> None:
    with (clone / path).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    found = {}
    for row in ("vae", "real"):
        text = provenance.report(clone, row)
        found |= lines(text, "all") | lines(text, row)
    changed = {k.removeprefix("code of ") for k, text in found.items() if "CHANGED" in text}
    assert changed == stages
    for name in stages:
        named = path if path.startswith("stages/") else "/".join(path.split("/")[:-1])
        assert f"CHANGED since the run: {named}" in found[f"code of {name}"]


def test_missing_code_edited_results_and_other_parameters_are_named(clone: Path) -> None:
    (clone / "src/ganvae/models/vae/model.py").unlink()
    fake_study.edit(clone / "metrics/comparison.json", lambda content: content.update(x=1))
    params = config.load(clone / "params.yaml")
    params["train"]["epochs"] += 1
    storage.write_text(clone / "params.yaml", yaml.safe_dump(params))
    found = lines(provenance.report(clone, "vae"), "vae")
    assert "src/ganvae/models/vae" in found["code of train_vae"]
    assert found["train"].endswith("CHANGED since in params.yaml")
    assert "CHANGED" not in found["evaluate"]
    everything = lines(provenance.report(clone, "vae"), "all")
    assert everything["results"] == "CHANGED since the run: metrics/comparison.json"


def test_a_mixture_comes_from_its_models_training_and_evaluation(committed: Path) -> None:
    found, own = (lines(provenance.report(committed, row), row) for row in ("vae, mixture", "vae"))
    assert found == own
    assert {"code of train_vae", "code of evaluate@vae"} <= set(found)


def test_rows_alike_are_told_once(committed: Path) -> None:
    blocks = [part.splitlines()[0] for part in provenance.report(committed).split("\n\n")]
    planted = "; ".join(f"planted_{name}" for name in fake_details.PLANTED)
    models = list(config.load(ROOT / "params.yaml")["models"])
    named = [f"{m}; {m}, mixture" if m in fake_details.ENCODERS else m for m in models]
    assert blocks == ["all", *named, f"real; {planted}", "real_halves"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gann"], r"gann: no row in metrics.comparison.json \(did you mean gan\?\)"),
        (["gan", "recal"], r"recal: no metric of gan .* \(did you mean recall\?\)"),
        (["gan", "runtime"], "runtime: no metric of gan"),
        (["gan", "recall", "more"], "usage: "),
    ],
)
def test_unknown_names_are_refused(
    committed: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(committed)
    monkeypatch.setattr(sys, "argv", ["provenance", *arguments])
    with pytest.raises(UserError, match=message):
        stage.main()


def test_prints_a_row(
    committed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(committed)
    monkeypatch.setattr(sys, "argv", ["provenance", "real_halves"])
    stage.main()
    assert lines(capsys.readouterr().out, "real_halves")["images"] == "25 against 25"


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("rows", "gan", "images"), None),
        (("rows", "gan", "image_entropy", "high"), None),
        (("rows", "gan", "seeds_finished"), "5"),
        (("settings", "classifier"), {}),
    ],
)
def test_a_comparison_of_another_form_is_one_line(
    clone: Path, place: tuple[str, ...], wrong: object
) -> None:
    path = clone / COMPARISON
    content = holder = json.loads(path.read_text())
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = wrong
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"comparison.json: damaged: "):
        provenance.report(clone)


def test_a_row_that_never_ran_is_refused(clone: Path) -> None:
    def drop(lock: dict[str, Any]) -> str:
        del lock["stages"]["train_gan"]
        return yaml.safe_dump(lock)

    storage.write_text(clone / "dvc.lock", drop(config.load(clone / "dvc.lock")))
    with pytest.raises(UserError, match="no stage train_gan: run `dvc repro`"):
        provenance.report(clone, "gan")
