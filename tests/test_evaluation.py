"""The evaluation stages on untrained and on hand-made networks."""

import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn

from ganvae.core import config, imageset, machine, storage
from ganvae.errors import UserError
from ganvae.evaluation import encoding, showcase
from ganvae.evaluation.timeline import collapsed_at
from ganvae.floors import floors, selftest
from ganvae.judging import classifier, inception, judged
from ganvae.metrics import frechet_distance
from ganvae.models.base import build, contract
from stages import evaluate, evaluate_real
from tests.fake_details import PLANTED
from tests.project import ROOT

PARAMS = config.load(Path(__file__).parents[1] / "params.yaml")
LATENT_DIM = 3
TEST_IMAGES = 25
STEPS = 40
OF_AN_ENCODER = (
    "reconstruction_mse",
    "reconstruction_nats",
    "kl_nats",
    "negative_elbo",
    "active_units",
    "iwae_nll_3",
)
NETWORKS = contract.NetworksParams(architecture="wide", latent_dim=LATENT_DIM)
BUDGETS: dict[str, Any] = {
    "features": ["classifier"],
    "images": 100,
    "collapse_share": 0.5,
    "importance_samples": 3,
    "inversion_images": 20,
    "inversion_steps": 2,
}
Edit = Callable[[nn.ModuleDict], None]


def images(n: int, seed: int = 0) -> Tensor:
    grey = torch.randint(0, 256, (n, 28, 28), generator=torch.Generator().manual_seed(seed))
    return imageset.dequantise(grey.to(torch.uint8))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything that the evaluation of seeds 0 and 1 reads, but no model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(frechet_distance, "RESAMPLES", 10)  # nine tenths of the time otherwise
    monkeypatch.setenv("GANVAE_DEVICE", "cpu")
    monkeypatch.setattr(machine, "use_one_thread", lambda: None)  # conftest has seen to it
    set_params()
    torch.manual_seed(0)
    judge = classifier.build("mlp", 10)
    classifier.save(judge, Path("data/classifier/weights.safetensors"))
    real = {}
    for split, n in (("train", 150), ("test", TEST_IMAGES)):
        of_split = images(n, seed=n)
        path = Path(f"data/processed/{split}.safetensors")
        storage.write_tensors(path, {"images": of_split, "labels": torch.arange(n) % 10})
        features, probabilities = classifier.classify(judge, of_split)
        real.update({f"{split}_features": features, f"{split}_probabilities": probabilities})
    path = Path("data/classifier/real.safetensors")
    storage.write_tensors(path, real, {"architecture": "mlp"})
    return tmp_path


def set_params(
    seeds: tuple[int, ...] = (0, 1),
    beta: float = 1.0,
    n: int = 100,
    features: Sequence[str] = ("classifier",),
    **more: Any,
) -> None:
    values = json.loads(json.dumps(PARAMS))
    values["networks"] = NETWORKS.model_dump()
    values["train"]["seeds"] = list(seeds)
    values["models"]["vae"]["beta"] = beta
    values["evaluate"] = {**BUDGETS, "images": n, "features": list(features), **more}
    Path("params.yaml").write_text(yaml.safe_dump(values))


def leave(name: str, seed: int, edit: Edit | None = None, diverged_at: int | None = None) -> None:
    """Writes what a training leaves; `edit` changes the untrained networks."""
    folder = Path("data/models") / name
    steps = sorted({1, diverged_at or STEPS})
    snapshots = {
        "images": torch.stack([imageset.quantise(images(2000, seed=k)) for k in steps]),
        "steps": torch.tensor(steps),
        "images_seen": 128 * torch.tensor(steps),
    }
    storage.write_tensors(folder / f"snapshots/seed_{seed}.safetensors", snapshots)
    status = {"state": "finished", "step": STEPS, "steps": STEPS, "update": None}
    if diverged_at:
        status.update(state="diverged", step=diverged_at, update="autoencoder")
    else:
        networks = build.create(name, NETWORKS, seed)
        if edit:
            with torch.no_grad():
                edit(networks)
        weights = folder / f"weights/seed_{seed}.safetensors"
        storage.write_tensors(weights, networks.state_dict())
    storage.write_json(folder / f"status/seed_{seed}.json", status)


def run(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    monkeypatch.setattr("sys.argv", ["evaluate", name])
    evaluate.main()
    folder = Path("data/evaluation") / name
    arrays = storage.read_tensors(folder / "arrays.safetensors")
    return storage.read_json(folder / "details.json"), arrays


def zero_outputs(networks: nn.ModuleDict) -> None:
    """Encoder: mean 0, log-variance 0. Decoder: logits 0, the middle grey for every z."""
    for network in networks.values():
        last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
        last.weight.zero_()
        last.bias.zero_()


def not_a_number(networks: nn.ModuleDict) -> None:
    next(networks["decoder"].parameters()).fill_(math.nan)


def test_a_model_with_an_encoder(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave("vae", 0)
    leave("vae", 1, diverged_at=7)
    details, arrays = run(monkeypatch, "vae")
    assert details["model"] == "vae"
    assert details["protocol"] == {
        "generated_images": 100,
        "real_images": TEST_IMAGES,
        "real_split": "test",
        "features": ["classifier"],
        "feature_width": classifier.FEATURES,
        "classifier": "mlp",
        "neighbours": 5,
        "kernel_subset": 1000,
        "nearest_images": 2000,
        "train_images": 150,
        "snapshot_images": 100,
        "importance_samples": 3,
        "inversion_images": 20,
        "inversion_steps": 2,
    }
    assert details["runtime"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    finished, diverged = details["seeds"]["0"], details["seeds"]["1"]
    metrics = finished["metrics"]
    parts = metrics["reconstruction_nats"] + metrics["kl_nats"]
    assert metrics["negative_elbo"] == pytest.approx(parts, rel=1e-12)
    assert metrics["fid_classifier"] > 0
    assert sum(finished["class_histogram"]) == 100
    assert [row["step"] for row in finished["timeline"]] == [1, STEPS]
    assert [row["images_seen"] for row in finished["timeline"]] == [128, 128 * STEPS]
    assert (diverged["state"], diverged["step"], diverged["update"]) == (
        "diverged",
        7,
        "autoencoder",
    )
    assert [row["step"] for row in diverged["timeline"]] == [1, 7]
    assert "metrics" not in diverged
    assert {name: (tuple(a.shape), a.dtype) for name, a in arrays.items()} == {
        "samples/0": ((100, 28, 28), torch.uint8),
        "image_entropy/0": ((100,), torch.float32),
        "interpolations/0": ((8, 10, 28, 28), torch.uint8),
        "snapshots/0": ((2, 10, 28, 28), torch.uint8),
        "snapshot_steps/0": ((2,), torch.int64),
        "originals": ((20, 28, 28), torch.uint8),
        "reconstructions/0": ((20, 28, 28), torch.uint8),
        "latent/0": ((TEST_IMAGES, 2), torch.float32),
        "latent_labels": ((TEST_IMAGES,), torch.int64),
        "nearest/0": ((10, 3, 28, 28), torch.uint8),
    }
    assert set(metrics) == {*selftest.EXPECTED, *OF_AN_ENCODER, "inversion_mse"}
    assert set(finished["intervals"]) < set(metrics)
    mean = float(arrays["image_entropy/0"].double().mean())
    assert metrics["image_entropy"] == pytest.approx(mean, abs=1e-6)
    headline = storage.read_json(Path("metrics/vae.json"))
    assert headline == {
        "fid_classifier": float(f"{metrics['fid_classifier']:.6g}"),
        "class_entropy": float(f"{metrics['class_entropy']:.6g}"),
        "image_entropy": float(f"{metrics['image_entropy']:.6g}"),
        "sharpness": float(f"{metrics['sharpness']:.6g}"),
        "coverage": float(f"{metrics['coverage']:.6g}"),
        "negative_elbo": float(f"{metrics['negative_elbo']:.6g}"),
        "seeds_finished": 1,
    }
    assert capsys.readouterr().out.count("\n") == 1
    assert not list(Path("data/evaluation").glob(".*")), "nothing half-written stays"


def test_a_mixture_is_measured_beside_the_prior_and_changes_nothing_else(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave("vae", 0)
    leave("vae", 1, zero_outputs)
    without, _ = run(monkeypatch, "vae")
    set_params(mixture_components=3)
    details, arrays = run(monkeypatch, "vae")
    written = [
        Path(f"data/evaluation/vae/{name}") for name in ("details.json", "arrays.safetensors")
    ]
    before = [path.read_bytes() for path in written]
    counts = {"mixture_components": 3, "mixture_images": 150}
    assert details["protocol"] == without["protocol"] | counts
    for seed, entry in details["seeds"].items():
        mixture = entry.pop("mixture")
        assert entry == without["seeds"][seed]
        assert set(mixture["metrics"]) == set(selftest.EXPECTED)
        assert all(math.isfinite(value) for value in mixture["metrics"].values())
        assert set(mixture["intervals"]) == {
            name for name in entry["intervals"] if name in selftest.EXPECTED
        }
        assert sum(mixture["class_histogram"]) == 100
        samples = arrays[f"mixture_samples/{seed}"]
        assert (samples.shape, samples.dtype) == ((100, 28, 28), torch.uint8)
        assert (samples == 128).all() == (seed == "1"), "without information all codes are one"
    headline = storage.read_json(Path("metrics/vae.json"))
    both = [
        entry["mixture"]["metrics"] for entry in storage.read_json(written[0])["seeds"].values()
    ]
    mean = sum(metrics["fid_classifier"] for metrics in both) / 2
    assert headline["mixture_fid"] == pytest.approx(mean, rel=1e-5)
    run(monkeypatch, "vae")
    assert [path.read_bytes() for path in written] == before
    assert headline == storage.read_json(Path("metrics/vae.json"))


def test_without_an_encoder_there_is_no_mixture(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_params(seeds=(0,), mixture_components=3)
    leave("gan", 0)
    details, arrays = run(monkeypatch, "gan")
    assert "mixture" not in details["seeds"]["0"]
    assert "mixture_samples/0" not in arrays
    assert details["protocol"]["mixture_components"] == 3
    assert not [name for name in storage.read_json(Path("metrics/gan.json")) if "mixture" in name]


def test_samples_come_from_the_same_noise_in_evaluation_mode(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shift_statistics(networks: nn.ModuleDict) -> None:
        for layer in networks["decoder"].modules():
            if isinstance(layer, nn.BatchNorm1d):
                assert layer.running_mean is not None
                layer.running_mean += 0.5

    leave("gan", 0, shift_statistics)
    leave("gan", 1, shift_statistics)
    _, arrays = run(monkeypatch, "gan")
    z = showcase.sample_grid(LATENT_DIM)
    for seed in (0, 1):
        networks = build.create("gan", NETWORKS, seed)
        shift_statistics(networks)
        with torch.no_grad():
            generated = contract.to_images(networks["decoder"].eval()(z))
        difference = (imageset.quantise(generated).int() - arrays[f"samples/{seed}"].int()).abs()
        assert int(difference.max()) <= 1  # a level at a rounding edge may differ
        assert float(difference.float().mean()) < 0.01
    assert not torch.equal(arrays["samples/0"], arrays["samples/1"])


def test_the_judge_sees_grey_levels_and_errors_are_of_the_posterior_mean(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers, written out; 1e-4 leaves room for a grey level at a rounding edge."""
    set_params(seeds=(0,))
    leave("vae", 0)
    details, _ = run(monkeypatch, "vae")
    networks = build.create("vae", NETWORKS, 0).eval()
    z = machine.Noise(machine.seed_for(0, "evaluate"), torch.device("cpu")).normal(100, LATENT_DIM)
    pixels = images(TEST_IMAGES, seed=TEST_IMAGES)
    with torch.no_grad():
        generated = contract.to_images(networks["decoder"](z))
        mean, _ = contract.posterior(networks["encoder"](pixels))
        error = (contract.to_images(networks["decoder"](mean)) - pixels).square().mean() / 4
    judge = classifier.load(Path("data/classifier/weights.safetensors"), torch.device("cpu"))
    grey = ((generated + 1) * 127.5).round()
    _, probabilities = classifier.classify(judge, grey / 127.5 - 1)
    entropy = -(probabilities * probabilities.log()).sum(dim=1).mean()
    metrics = details["seeds"]["0"]["metrics"]
    assert metrics["image_entropy"] == pytest.approx(float(entropy), rel=1e-4)
    assert metrics["reconstruction_mse"] == pytest.approx(float(error), rel=1e-6)


def test_a_seed_does_not_depend_on_the_others_and_repeats(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave("vae", 0)
    leave("vae", 1)
    both, both_arrays = run(monkeypatch, "vae")
    again, _ = run(monkeypatch, "vae")
    assert again == both
    for kind in ("weights", "snapshots", "status"):
        next(Path(f"data/models/vae/{kind}").glob("seed_0.*")).unlink()
    set_params(seeds=(1,))
    alone, alone_arrays = run(monkeypatch, "vae")
    assert alone["seeds"]["1"] == both["seeds"]["1"]
    assert all(torch.equal(alone_arrays[name], both_arrays[name]) for name in alone_arrays)


def test_a_collapsed_model_without_information(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """q = prior and logits 0: KL 0, 784 ln 2 nats, the middle grey everywhere, for any beta."""
    set_params(beta=7.0)
    leave("vae", 0, zero_outputs)
    leave("vae", 1, zero_outputs)
    details, arrays = run(monkeypatch, "vae")
    entry = details["seeds"]["0"]
    pixels = images(TEST_IMAGES, seed=TEST_IMAGES)
    assert entry["collapsed"] is True
    assert max(entry["class_histogram"]) == 100
    metrics = entry["metrics"]
    assert metrics["class_entropy"] == 0
    assert metrics["kl_nats"] == 0
    assert metrics["negative_elbo"] == pytest.approx(784 * math.log(2), rel=1e-6)
    expected = float(pixels.double().square().mean() / 4)
    assert metrics["reconstruction_mse"] == pytest.approx(expected, rel=1e-9)
    assert (arrays["samples/0"] == 128).all()
    assert entry["collapsed_at"] == collapsed_at(entry["timeline"], 5.0)
    assert all(math.isfinite(value) for value in metrics.values()), "a full row"


def test_all_seeds_diverged(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One while training, one with weights that give no image."""
    leave("gan", 0, diverged_at=1)
    leave("gan", 1, not_a_number)
    details, arrays = run(monkeypatch, "gan")
    assert details["seeds"]["1"]["state"] == "diverged"
    assert details["seeds"]["1"]["update"] == "evaluate"
    assert set(arrays) == {"originals"}
    assert storage.read_json(Path("metrics/gan.json")) == {"seeds_finished": 0}


def remove(path: str) -> Callable[[], object]:
    return lambda: Path(path).unlink()


def write(path: str, content: str) -> Callable[[], object]:
    return lambda: Path(path).write_text(content)


def other_architecture() -> None:
    small = contract.NetworksParams(architecture="mi2018", latent_dim=LATENT_DIM)
    weights = build.create("gan", small, 0).state_dict()
    storage.write_tensors(Path("data/models/gan/weights/seed_0.safetensors"), weights)


STATUS = "data/models/gan/status/seed_0.json"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda: set_params(seeds=(0,)),
            r"seed_1\.json: of no trained seed .*train\.seeds = \[0\]",
        ),
        (lambda: set_params(seeds=(0, 1, 2)), r"status/seed_2\.json: no such file"),
        (lambda: leave("gan", 5), r"seed_5\.json: of no trained seed"),
        (remove("data/models/gan/weights/seed_1.safetensors"), r"weights/seed_1.* no such file"),
        (remove("data/models/gan/snapshots/seed_0.safetensors"), r"snapshots/seed_0.* no such"),
        (remove("data/classifier/weights.safetensors"), "no such file"),
        (write(STATUS, '{"state": "finished", "step": 1, "steps": 1}'), "damaged: update"),
        (write(STATUS, '{"state": "finis'), "damaged: JSON"),
        (write("data/models/gan/weights/seed_0.safetensors", "x"), "damaged tensor file"),
        (other_architecture, r"seed_0\.safetensors: weights of another architecture"),
    ],
)
def test_refuses(
    root: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[], object], message: str
) -> None:
    leave("gan", 0)
    leave("gan", 1)
    earlier = Path("data/evaluation/gan/details.json")
    storage.write_json(earlier, "earlier")
    spoil()
    with pytest.raises(UserError, match=message):
        run(monkeypatch, "gan")
    assert storage.read_json(earlier) == "earlier"
    assert not Path("metrics/gan.json").exists()


def test_refuses_unknown_models_and_bad_calls(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"models\.gna: unknown key \(did you mean gan\?\)"):
        run(monkeypatch, "gna")
    monkeypatch.setattr("sys.argv", ["evaluate"])
    with pytest.raises(UserError, match=r"usage: python -m stages\.evaluate <model\\|system>"):
        evaluate.main()


@pytest.mark.parametrize("seeds", [[], [0, 0], ["0"], [True], 3, None])
def test_seeds_are_checked(seeds: Any) -> None:
    values = config.load(ROOT / "params.yaml")
    values["train"]["seeds"] = seeds
    with pytest.raises(UserError, match=r"params\.yaml: train(\.|: )seeds.*: allowed: "):
        config.block(contract.TrainParams, values, "train")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("images", 99),
        ("collapse_share", 1.0),
        ("importance_samples", 0),
        ("inversion_images", 0),
        ("inversion_steps", 0),
        ("features", ["inception"]),
        ("features", []),
        ("mixture_components", 0),
    ],
)
def test_params_are_checked(key: str, value: object) -> None:
    values = {"evaluate": {**BUDGETS, key: value}}
    with pytest.raises(UserError, match=rf"evaluate\b.*{key} = {re.escape(str(value))}: allowed: "):
        config.block(judged.EvaluateParams, values, "evaluate")


@pytest.fixture
def nothing_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images of noise, judged by chance, have none of the faults that digits can have."""
    monkeypatch.setattr(selftest, "EXPECTED", {"class_entropy": {}})


@pytest.fixture
def small_inception(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A network of Inception's form in its place, with few features; counts what it is shown."""
    shown: list[int] = []

    class Small(nn.Module):
        def forward(self, enlarged: Tensor) -> Tensor:
            shown.append(len(enlarged))
            return nn.functional.interpolate(enlarged[:, :1], (8, 8)).flatten(1)

    class_weights = torch.randn(1008, 64, generator=torch.Generator().manual_seed(0)) / 8
    made = inception.Inception(Small(), class_weights)
    monkeypatch.setattr(inception, "load", lambda device: made)
    return shown


@pytest.mark.usefixtures("nothing_demanded")
def test_inception_features_are_asked_for(
    root: Path, monkeypatch: pytest.MonkeyPatch, small_inception: list[int]
) -> None:
    set_params(seeds=(0,), features=["classifier", "inception"])
    leave("gan", 0)
    details, _ = run(monkeypatch, "gan")
    assert details["protocol"]["features"] == ["classifier", "inception"]
    metrics = details["seeds"]["0"]["metrics"]
    assert metrics["fid_inception"] > 0
    assert metrics["inception_score_inception"] >= 1
    assert sum(small_inception) == 100 + TEST_IMAGES
    monkeypatch.setattr("sys.argv", ["stage"])
    evaluate_real.main()
    rows = storage.read_json(Path("data/evaluation/real/details.json"))["rows"]
    assert all(row["metrics"]["fid_inception"] > 0 for row in rows.values())
    shown_again = sum(small_inception) - 100 - TEST_IMAGES
    # 75 of 150 training images in each set
    assert shown_again == 75 * (1 + len(PLANTED)), "the test images were looked at once"


# the real rows


@pytest.mark.usefixtures("nothing_demanded")
@pytest.mark.parametrize(("asked", "used"), [(100, 75), (200, 75)])
def test_real_rows(root: Path, asked: int, used: int) -> None:
    """With no test for these images at most half of the training images are in a set."""
    set_params(n=asked)
    evaluate_real.main()
    details = storage.read_json(Path("data/evaluation/real/details.json"))
    arrays = storage.read_tensors(Path("data/evaluation/real/arrays.safetensors"))
    rows = details["rows"]
    counts = {name: (row["images"], row["against"]) for name, row in rows.items()}
    faulty = {f"planted_{fault}": (used, TEST_IMAGES) for fault in PLANTED}
    assert counts == {"real": (used, TEST_IMAGES), "real_halves": (13, 12), **faulty}
    for name, row in rows.items():
        assert sum(row["class_histogram"]) == counts[name][0]
        assert len(row["frechet_curve"]) == 8
    entries = {(entry["metric"], entry["fault"]) for entry in details["selftest"]}
    assert entries == {
        (metric, fault)
        for metric in rows["real"]["metrics"]
        for fault in [*PLANTED, selftest.UNCHANGED]
    }
    assert arrays["samples"].shape == (used, 28, 28)
    assert arrays["image_entropy"].shape == (used,)
    train = imageset.quantise(images(150, seed=150)).flatten(1)
    assert all((train == sample.flatten()).all(dim=1).any() for sample in arrays["samples"])
    # none is held against itself: its own place in the training set is empty
    memorization = {name: row["metrics"]["memorization"] for name, row in rows.items()}
    assert memorization["planted_copies"] == 1
    assert memorization["real_halves"] < 0.5
    assert abs(memorization["real"]) < 0.5


@pytest.mark.usefixtures("nothing_demanded")
def test_real_images_are_at_no_distance_from_themselves(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but one of them; half of the test images against the other half are at some."""
    monkeypatch.setattr(floors, "size_of", lambda count, images, strict: images - 1)
    path = Path("data/classifier/real.safetensors")
    real = storage.read_tensors(path)
    train = storage.read_tensors(Path("data/processed/train.safetensors"))
    for part in ("features", "probabilities"):
        real[f"test_{part}"] = real[f"train_{part}"].clone()
    storage.write_tensors(path, real)
    storage.write_tensors(Path("data/processed/test.safetensors"), train)
    set_params(n=150)
    evaluate_real.main()
    rows = storage.read_json(Path("data/evaluation/real/details.json"))["rows"]
    assert rows["real"]["metrics"]["fid_classifier"] < 0.05
    assert rows["real_halves"]["metrics"]["fid_classifier"] > 0.05


def test_a_self_test_that_fails_ends_the_stage_and_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge that answers by chance sees no digits missing: an error where the test is for."""
    monkeypatch.setattr(evaluate_real, "TESTED_WITH", {"mnist": 100})
    with pytest.raises(UserError, match=r"^self-test: class_\w+ on \w+: had to"):
        evaluate_real.main()
    assert not Path("data/evaluation/real").exists()


@pytest.mark.parametrize(("name", "images"), [("folder", 100), ("mnist", 101)])
def test_on_own_or_few_images_a_fault_not_seen_is_a_note(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    images: int,
) -> None:
    monkeypatch.setattr(evaluate_real, "TESTED_WITH", {"mnist": images})
    values = config.load()
    values["data"]["name"] = name
    Path("params.yaml").write_text(yaml.safe_dump(values))
    evaluate_real.main()
    entries = storage.read_json(Path("data/evaluation/real/details.json"))["selftest"]
    missed = [entry for entry in entries if entry["told"] == "not seen"]
    assert "class_entropy" in {entry["metric"] for entry in missed}
    notes = [line for line in capsys.readouterr().err.splitlines() if "does not see" in line]
    assert len(notes) == len(missed)
    assert all(line.startswith("note: self-test: ") for line in notes)


def test_a_judge_without_its_view_is_refused(root: Path) -> None:
    path = Path("data/classifier/real.safetensors")
    real = storage.read_tensors(path)
    del real["test_features"]
    storage.write_tensors(path, real)
    with pytest.raises(UserError, match=r"real\.safetensors: test_features: missing"):
        evaluate_real.main()


# parts


def test_grey_levels_survive() -> None:
    levels = torch.arange(784).remainder(256).to(torch.uint8).view(1, 28, 28)
    assert torch.equal(imageset.quantise(imageset.dequantise(levels)), levels)
    beyond = torch.tensor([-1.2, -1.0, 0.0, 1.0, 1.2]).view(1, 1, 1, 5)
    assert imageset.quantise(beyond).flatten().tolist() == [0, 0, 128, 255, 255]


def test_nothing_is_replaced_by_half_a_result(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("data/evaluation/vae")
    judged.write_results(folder, {"a": 1}, {})

    def full_disk(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "write_tensors", full_disk)
    with pytest.raises(OSError, match="No space left"):
        judged.write_results(folder, {"a": 2}, {})
    assert storage.read_json(folder / "details.json") == {"a": 1}
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("latent_dim", [2, 64])
def test_interpolations_are_great_circles(latent_dim: int) -> None:
    """Equal angles between neighbours, norms on a straight line, the pair itself at the ends."""
    rows = showcase.interpolations(latent_dim).view(8, 10, latent_dim).double()
    norms = rows.norm(dim=2)
    assert torch.allclose(norms.diff(dim=1).diff(dim=1), torch.zeros(8, 8).double(), atol=1e-5)
    units = rows / norms[:, :, None]
    cosines = (units[:, 1:] * units[:, :-1]).sum(dim=2)
    assert torch.allclose(cosines, cosines[:, :1].expand(8, 9), atol=1e-5)
    whole = (units[:, 0] * units[:, -1]).sum(dim=1).acos()
    assert torch.allclose(9 * cosines.mean(dim=1).acos(), whole, atol=1e-2)
    assert len(rows[:, 0, 0].tolist()) == len(set(rows[:, 0, 0].tolist())) == 8


def test_interpolations_on_a_line_are_straight() -> None:
    rows = showcase.interpolations(1).view(8, 10)
    assert torch.allclose(rows.diff(dim=1).diff(dim=1), torch.zeros(8, 8), atol=1e-5)


def test_latent_plane_is_the_widest() -> None:
    spread = torch.tensor([0.1, 5.0, 0.2, 2.0])
    means = torch.randn(400, 4, generator=torch.Generator().manual_seed(0)) * spread + 3
    plane = showcase.latent_plane(means)
    assert plane.std(dim=0).tolist() == pytest.approx([5, 2], rel=0.1)
    assert plane.mean(dim=0).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert float((plane[:, 0] * plane[:, 1]).mean()) == pytest.approx(0, abs=1e-4)
    assert showcase.latent_plane(means[:, :1])[:, 1].abs().max() == 0


@pytest.mark.parametrize("seed", range(8))
def test_latent_plane_has_a_fixed_sign(seed: int) -> None:
    """The axes, recovered from the plane, have a positive largest component."""
    means = torch.randn(50, 5, generator=torch.Generator().manual_seed(seed)).double()
    centred = means - means.mean(dim=0)
    axes = torch.linalg.lstsq(centred, showcase.latent_plane(means).double()).solution
    largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))
    assert (largest > 0).all()


@pytest.mark.parametrize("deviation", [0.5, 1e-13, 1e-22])
def test_the_importance_bound_of_a_posterior_that_is_nearly_a_point(deviation: float) -> None:
    """By hand in float64; in float32 z cannot be told from its mean where that is not 0."""
    log_var = 2 * math.log(deviation)

    class Fixed(nn.Module):
        def __init__(self, row: Tensor) -> None:
            super().__init__()
            self.row = nn.Parameter(row)

        def forward(self, x: Tensor) -> Tensor:
            return self.row.expand(len(x), *self.row.shape)

    encoder = Fixed(torch.tensor([0.3, -1.2, log_var, log_var]))
    networks = nn.ModuleDict({"encoder": encoder, "decoder": Fixed(torch.zeros(1, 28, 28))})
    of_images = encoding.binarised(images(4))
    found = encoding.bernoulli_bound(networks, of_images, 5, seed=0)
    noise = machine.Noise(machine.seed_for(0, "importance"), torch.device("cpu"))
    drawn = noise.normal(20, 2).double()
    z = torch.tensor([0.3, -1.2]).double() + deviation * drawn
    log_prior = -(z**2).sum(dim=1) / 2
    log_posterior = -(drawn**2 + log_var).sum(dim=1) / 2
    log_weights = (-784 * math.log(2) + log_prior - log_posterior).view(4, 5)
    by_hand = math.log(5) - log_weights.logsumexp(dim=1)
    torch.testing.assert_close(found.double(), by_hand, rtol=1e-5, atol=1e-3)
    encoder.row.data[2] = 200.0  # a deviation beyond float32
    with pytest.raises(FloatingPointError):
        encoding.bernoulli_bound(networks, of_images, 5, seed=0)


@pytest.mark.parametrize("stage", ["evaluate", "evaluate_real"])
def test_an_edit_during_an_evaluation_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """DVC would record the new parameters as those of the numbers."""
    leave("gan", 0)
    set_params(seeds=(0,))

    def edit(*_: object, **__: object) -> tuple[dict[str, Any], dict[str, Tensor]]:
        Path("params.yaml").write_text("")
        return {}, {}

    monkeypatch.setattr(evaluate, "evaluate", edit)
    monkeypatch.setattr(evaluate_real, "_measured", edit)
    monkeypatch.setattr("sys.argv", [stage, *["gan"] * (stage == "evaluate")])
    main = evaluate.main if stage == "evaluate" else evaluate_real.main
    with pytest.raises(UserError, match=r"params\.yaml: edited meanwhile"):
        main()
    assert not Path("data/evaluation").exists()


def test_sets_that_overlap_are_told() -> None:
    assert floors.overlap(10_000, 60_000, strict=True) is None
    told = floors.overlap(10_001, 60_000, strict=True)
    assert told is not None
    assert "60000 training images: 6 sets of 10001 have images in common" in told
    assert told.endswith("they have none up to 10000")
    assert floors.overlap(500, 5_500, strict=False) is None
    assert floors.size_of(500, 5_500, strict=False) == 500
    told = floors.overlap(10_000, 450, strict=False)
    assert told is not None
    assert told.startswith("there are 450 training images, so real images are measured as 225: 11")
    assert told.endswith("they have none up to 40")
