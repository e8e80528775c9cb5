"""Device, random numbers and versions; and how a command ends when its input is bad."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ganvae import errors
from ganvae.core import machine
from ganvae.core.machine import Noise, seed_for
from ganvae.errors import Interrupted, UserError

CPU = torch.device("cpu")


def test_seeds_of_purposes_are_independent() -> None:
    seeds = [seed_for(seed, purpose) for seed in range(50) for purpose in ("shuffle", "noise", "1")]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_for(1, "1/a") != seed_for(11, "/a"), "no seed runs into its purpose"


def test_seeds_never_change() -> None:
    """They are the committed results' seeds, the same on every system and in every process."""
    assert seed_for(0, "decoder") == 1767416790774884362


def test_noise_is_a_stream_of_its_own() -> None:
    torch.manual_seed(1)
    first, global_state = Noise(3, CPU).normal(4, 2), torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(first, Noise(3, CPU).normal(4, 2))
    assert not torch.equal(first, Noise(4, CPU).normal(4, 2))
    torch.manual_seed(1)
    assert torch.equal(global_state, torch.get_rng_state())


@pytest.mark.parametrize("draw", ["normal", "uniform", "permutation"])
def test_noise_goes_on_bit_for_bit(draw: str) -> None:
    noise = Noise(3, CPU)
    noise.normal(7)  # an odd number of normal samples leaves half a pair behind
    state = noise.state()
    expected = [getattr(noise, draw)(11) for _ in range(3)]
    assert not torch.equal(expected[0], expected[1])
    other = Noise(99, CPU)
    for stream in (other, noise):
        stream.restore(state)
        assert all(torch.equal(getattr(stream, draw)(11), e) for e in expected)


def test_noise_distributions() -> None:
    """Mean and variance of 100,000 samples within five standard errors."""
    n = 100_000
    normal, uniform = Noise(0, CPU).normal(n).double(), Noise(0, CPU).uniform(n).double()
    assert abs(normal.mean()) < 5 / n**0.5
    assert abs(normal.var() - 1) < 5 * (2 / n) ** 0.5
    assert abs(uniform.mean() - 0.5) < 5 * (1 / 12 / n) ** 0.5
    assert 0 <= uniform.min() < uniform.max() < 1
    order = Noise(0, CPU).permutation(1000)
    assert torch.equal(order.sort().values, torch.arange(1000))
    assert Noise(0, CPU).normal(1).dtype == Noise(0, CPU).uniform(1).dtype == torch.float32


def test_device_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANVAE_DEVICE", "cpu")
    assert machine.device() == CPU


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_device_order(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    monkeypatch.delenv("GANVAE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert machine.device().type == expected


@pytest.mark.parametrize("name", ["banana", "cuda:99", "hpu", " cpu"])
def test_unknown_device_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("GANVAE_DEVICE", name)
    with pytest.raises(UserError, match=f"^GANVAE_DEVICE={name}: no such device"):
        machine.device()


def test_autocast() -> None:
    a = torch.randn(3, 3)
    with machine.autocast("fp32", CPU):
        assert (a @ a).dtype == torch.float32
    with machine.autocast("bf16", CPU):
        assert (a @ a).dtype == torch.bfloat16


def test_description_has_device_and_versions() -> None:
    described = machine.description(CPU)
    assert described["device"].startswith("cpu: ")
    assert len(described["device"]) > len("cpu: ")
    assert described["torch"].split("+")[0] == torch.__version__.split("+")[0]
    libraries = {"python", "torch", "torchvision", "numpy", "scipy", "pytorch-fid", "dvc"}
    assert set(described) == libraries | {"device", "commit"}
    assert all(described[library][0].isdigit() for library in libraries)


def test_use_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(2)
    try:
        machine.use_one_thread()
        assert torch.get_num_threads() == 1
        assert (torch.tensor(1e-38) / 100).item() == 0, "denormal numbers are flushed to zero"
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(1)


def stop(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "line", "status"),
    [
        (UserError("params.yaml: x"), "error: params.yaml: x\n", 1),
        (UserError("two\n  lines"), "error: two lines\n", 1),
        (OSError(28, "No space left on device"), "error: No space left on device\n", 1),
        (PermissionError(13, "denied", "data/raw"), "error: denied: data/raw\n", 1),
        (KeyboardInterrupt(), "stopped\n", 130),
        (Interrupted(), "stopped\n", 130),
    ],
    ids=repr,
)
def test_run_ends_with_one_line(
    capsys: pytest.CaptureFixture[str], error: BaseException, line: str, status: int
) -> None:
    with pytest.raises(SystemExit) as ended:
        errors.run(stop(error))
    assert ended.value.code == status
    assert capsys.readouterr() == ("", line)


def test_run_keeps_the_traceback_of_a_defect() -> None:
    with pytest.raises(ZeroDivisionError):
        errors.run(lambda: print(1 / 0))


def test_run_of_a_success_returns() -> None:
    errors.run(lambda: None)


def test_description_names_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert machine.description(CPU)["commit"] == "unknown", "no git repository"
    source = tmp_path / "src" / "a.py"
    source.parent.mkdir()
    source.write_text("a = 1\n")
    author = ("-c", "user.name=a", "-c", "user.email=a@b")
    for command in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "a")):
        subprocess.run(["git", *command], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert machine.description(CPU)["commit"] == head.stdout[:12]
    source.write_text("a = 2\n")
    assert machine.description(CPU)["commit"] == f"{head.stdout[:12]} with changes"
