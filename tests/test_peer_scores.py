"""Scripts of other projects, run unchanged and measured by the digits' study."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import peer_scores
from ganvae.core import storage
from ganvae.errors import UserError
from tests.demo_run import Demo
from tests.project import ROOT

pytestmark = pytest.mark.touching("benchmarks/peer_scores.py", "docs/peers.md")

# of the form of PyTorch-GAN's, that draws the training set's mean image under some noise
SCRIPT = """
import argparse, os
import torch
from torch import nn
from torchvision import datasets, transforms
from torchvision.utils import save_image

os.makedirs("images", exist_ok=True)
parser = argparse.ArgumentParser()
parser.add_argument("--n_epochs", type=int, default=200)
parser.add_argument("--latent_dim", type=int, default=100)
opt = parser.parse_args()
data = datasets.MNIST("../../data/mnist", download=True, transform=transforms.ToTensor())
mean = torch.stack([data[i][0] for i in range(50)]).mean(0) * 2 - 1

class Generator(nn.Module):
    def forward(self, z):
        assert z.shape == (64, opt.latent_dim)
        return (mean + z[:, :1, None, None] * spread).clamp(-1, 1)

spread = 0.1 * (opt.n_epochs == 1)
generator = Generator()
print("a line")
save_image(generator(torch.randn(64, opt.latent_dim)), "images/0.png")
"""


@pytest.fixture
def here(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The digits' study, and a folder `peers` with a checkout."""
    for name in ("data", "metrics", "params.yaml"):
        (tmp_path / name).symlink_to(demo.folder / name)
    script = tmp_path / "peers/PyTorch-GAN/implementations/gan/gan.py"
    script.parent.mkdir(parents=True)
    script.write_text(SCRIPT, encoding="utf-8")
    as_someone = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (["init", "-q"], ["add", "."], [*as_someone, "commit", "-qm", "a"]):
        subprocess.run(["git", *words], cwd=tmp_path / "peers/PyTorch-GAN", check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["peer_scores", "peers", "gan"])
    monkeypatch.setattr(peer_scores, "SEEDS", (0, 1))  # as the digits' study has
    for name in ("RESULT", "PAGE", "LOCK"):
        monkeypatch.setattr(peer_scores, name, tmp_path / name.lower())
    (tmp_path / "page").write_text(f"a\n{peer_scores.BEGIN}\n{peer_scores.END}\nb\n", "utf-8")
    return tmp_path


def test_a_script_runs_as_it_is_and_stands_beside_our_model(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        peer_scores.main()
    shown = capfd.readouterr().out
    assert shown.count("implementations/gan/gan.py") == 1, "it is not run again"
    assert "a line" not in shown
    row = storage.read_json(here / "result")["gan"]
    assert row["commit"] == peer_scores.commit(here / "peers/PyTorch-GAN")
    assert "dirty" not in row["commit"]
    assert not any((here / "peers/PyTorch-GAN").rglob("images")), "it worked elsewhere"
    assert set(row["seeds"]) == set(row["ours"]) == {"0", "1"}
    assert row["seeds"]["0"] != row["seeds"]["1"]
    assert row["seeds"]["0"]["coverage"] < 0.5, "one image, more or less"
    comparison = storage.read_json(here / "metrics/comparison.json")
    fid = comparison["rows"]["gan"]["fid_classifier"]["seeds"]["1"]
    assert row["ours"]["1"]["fid_classifier"] == pytest.approx(fid, rel=1e-5)
    page = (here / "page").read_text("utf-8").splitlines()
    assert page[0] == "a"
    assert page[-1] == "b"
    assert all(line in page for line in peer_scores.lines("gan", row))


def test_what_is_missing_is_said_before_anything_runs(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["peer_scores", "peers", "vae"])
    with pytest.raises(UserError, match=r"peers/examples: no checkout of it; docs/peers\.md"):
        peer_scores.main()
    monkeypatch.setattr(sys, "argv", ["peer_scores", "peers", "dcgan"])
    with pytest.raises(UserError, match="no recipe 'dcgan'; there are: gan, wgan, wgan_gp, vae"):
        peer_scores.main()
    (here / "data").unlink()
    monkeypatch.setattr(sys, "argv", ["peer_scores", "peers", "gan"])
    with pytest.raises(UserError, match="data/raw: not there; make study makes it"):
        peer_scores.main()


def test_the_vaes_means_are_scaled() -> None:
    class Model:
        fc3 = torch.nn.Linear(20, 400)

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return torch.full((len(z), 784), 0.25)

    images = peer_scores.of_vae({"model": Model()}, 3)
    assert images.shape == (3, 1, 28, 28)
    assert images.unique().tolist() == [-0.5]


def test_the_pages_table_is_that_of_the_file() -> None:
    page, result = (ROOT / peer_scores.PAGE).read_text("utf-8"), ROOT / peer_scores.RESULT
    made = storage.read_json(result) if result.exists() else {}
    assert page == peer_scores.with_table(page, made)
