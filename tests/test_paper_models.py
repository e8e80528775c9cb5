"""The models that only the papers' pipeline trains, against their objectives written by hand."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy import stats
from torch import Tensor

from ganvae.core import config
from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.models.base.build import create
from ganvae.models.base.contract import NetworksParams
from ganvae.models.cgan.codes import classes
from ganvae.models.infogan.loss import code_nats
from ganvae.training import task
from tests.project import ROOT
from tests.written_out import BLOCKS, CPU, LATENT, SEED, Case, N, l_vae

pytestmark = pytest.mark.usefixtures("float64")
LABELS = torch.arange(N) % 10


def labelled(name: str, **changes: Any) -> Case:
    """A case whose batch is of several classes."""

    class Labelled(Case):
        def loss(self, update: str) -> Any:
            return self.updates[update].loss(self.images, LABELS, Noise(SEED, CPU))

    return Labelled(name, **changes)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_autoencoder(noise: float) -> None:
    case = Case("ae", noise=noise)
    seen = case.images + noise * Noise(SEED, CPU).normal(*case.images.shape)
    code = case.networks["encoder"](seen)[:, :LATENT]
    drawn = 2 * torch.sigmoid(case.networks["decoder"](code)) - 1
    case.agrees("autoencoder", ((drawn - case.images) ** 2).sum() / 2 / N)


@pytest.mark.parametrize("network", ["encoder", "decoder"])
def test_alternating_networks_share_the_bound(network: str) -> None:
    case = Case("vae_alternating", beta=2.0)
    case.agrees(network, l_vae(case, Noise(SEED, CPU), "bernoulli", 2.0))


def one_hot(labels: Tensor) -> Tensor:
    return torch.eye(10)[labels]


def test_both_players_see_the_class() -> None:
    case = labelled("cgan")
    decoder, discriminator = case.networks["decoder"], case.networks["discriminator"]
    assert not discriminator.pictures.weight.any(), "at first it sees the images as they are"
    torch.nn.init.normal_(
        discriminator.pictures.weight, generator=torch.Generator().manual_seed(SEED)
    )
    z = Noise(SEED, CPU).normal(N, LATENT)[:, : LATENT - 1]
    logits = decoder.decoder(torch.cat([z, one_hot(LABELS)], dim=1))
    fake = 2 * torch.sigmoid(logits) - 1

    def d(images: Tensor) -> Tensor:
        pictures = discriminator.pictures.weight[LABELS].view(N, 1, 28, 28)
        return torch.sigmoid(discriminator.discriminator(images + pictures))

    by_hand = -(d(case.images).log().mean() + (1 - d(fake.detach())).log().mean())
    case.agrees("discriminator", by_hand)
    case.agrees("generator", -d(fake).log().mean())


def test_a_model_of_ten_classes_refuses_images_of_more(tmp_path: Path) -> None:
    values = config.load(ROOT / "params.yaml")
    values["models"] = {name: BLOCKS[name] for name in ("cgan", "infogan")}
    labels = torch.arange(200) % 26

    def built(name: str) -> None:
        images = torch.zeros(len(labels), 1, 28, 28)
        task.build(name, values, images, labels, seed=SEED, folder=tmp_path)

    built("infogan")  # it reads no labels
    with pytest.raises(UserError, match=r"models.cgan: is for images of 10 classes, not 26"):
        built("cgan")


def test_the_recognition_network_reads_the_codes() -> None:
    case = Case("infogan", information=0.5)
    latent = Noise(SEED, CPU).normal(N, LATENT)
    uniform = torch.from_numpy(stats.norm.cdf(latent.numpy()))
    chosen = (10 * uniform[:, 2]).long()
    codes = 2 * uniform[:, 3:] - 1
    inputs = torch.cat([latent[:, :2], one_hot(chosen), codes], dim=1)
    images = 2 * torch.sigmoid(case.networks["decoder"].decoder(inputs)) - 1
    read = case.networks["recognition"](images)
    of_class = -read[:, :10].softmax(dim=1)[torch.arange(N), chosen].log().mean()
    density = torch.exp(-((codes - read[:, 10:]) ** 2) / 2) / math.sqrt(2 * math.pi)
    nats = of_class - density.log().sum() / N
    case.agrees("generator", -case.d(images).log().mean() + 0.5 * nats)


def test_infogan_needs_a_latent_dimension_for_every_code() -> None:
    for latent_dim in (2, 3):
        values = NetworksParams(architecture="wide", latent_dim=latent_dim)
        if latent_dim == 3:
            assert create("infogan", values, 0)["decoder"](torch.zeros(2, 3)).shape[0] == 2
        else:
            with pytest.raises(UserError, match=r"latent_dim = 2: allowed: more than 2, the class"):
                create("infogan", values, 0)


def test_codes_are_recognised_at_the_entropy_of_what_is_known() -> None:
    labels, codes = torch.tensor([3, 7]), torch.zeros(2, 2)
    sure = torch.full((2, 10), -1e3)
    sure[[0, 1], labels] = 0
    constant = math.log(2 * math.pi)
    assert float(code_nats(sure, codes, labels=labels, codes=codes)) == pytest.approx(constant)
    blind = code_nats(torch.zeros(2, 10), codes, labels=labels, codes=codes)
    assert float(blind) == pytest.approx(constant + math.log(10))


def test_classes_of_normal_numbers_are_equally_likely() -> None:
    counts = classes(Noise(0, CPU).normal(100_000)).bincount(minlength=10)
    assert len(counts) == 10
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4
    assert classes(torch.tensor([-40.0, 40.0])).tolist() == [0, 9]


# The constrained VAE-GAN's options


@pytest.mark.parametrize("hinge", ["batch", "image"])
@pytest.mark.parametrize("l_gan_on", ["prior", "reconstruction"])
def test_options_of_the_constraint(hinge: str, l_gan_on: str) -> None:
    options = {"hinge": hinge, "l_gan_on": l_gan_on, "lambda": 3.0}
    noise = Noise(SEED, CPU)
    free = Case("cvaegan", **options)
    by_hand = l_vae(free, noise, "bernoulli", 1.0)
    if l_gan_on == "prior":
        z = noise.normal(N, LATENT)
    else:
        mean, log_var = free.networks["encoder"](free.images).chunk(2, dim=1)
        z = mean + torch.exp(log_var / 2) * Noise(SEED, CPU).normal(N, LATENT)
    each = -free.d(free.generate(z)).log()
    values = each.detach()
    d = float(values.min() + values.mean()) / 2  # below the mean, and not below all
    case = Case("cvaegan", **options, d=d)
    assert all(
        torch.equal(a, b)
        for a, b in zip(case.networks.parameters(), free.networks.parameters(), strict=True)
    )
    hinged = (each - d).relu().mean() if hinge == "image" else (each.mean() - d).relu()
    assert hinged > 0, "else there is nothing to see"
    value = case.loss("autoencoder")
    torch.testing.assert_close(value.total, by_hand + 3 * hinged, rtol=1e-9, atol=1e-9)
    share = (each > d).double().mean() if hinge == "image" else 1.0
    assert float(value.logged["active"]) == pytest.approx(float(share))
