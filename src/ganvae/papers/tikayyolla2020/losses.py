"""The loss tables of tikayyolla2020 beside what its systems gave."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import fmean

import pandas as pd
from torch import Tensor, nn

from ganvae.comparison.summary import Spread
from ganvae.evaluation.encoding import bounds
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, if_true, written
from ganvae.papers.shared.results import Result
from ganvae.papers.shared.rules import near

# Table 1: loss by number of hidden layers and epoch; whether train or test is not said
VAE_LOSS: dict[str, dict[float, float]] = {
    "vae2": {
        10: 143.9419, 20: 141.5191, 30: 140.0324, 40: 140.322, 50: 138.811,
        60: 139.8912, 70: 139.1503, 80: 137.9177, 90: 138.1114, 100: 138.4062,
    },
    "vae3": {
        10: 141.4297, 20: 139.4731, 30: 137.3182, 40: 136.7412, 50: 135.9628,
        60: 138.0652, 70: 136.5565, 80: 136.0789, 90: 136.4146, 100: 136.4544,
    },
    "vae4": {
        10: 140.8994, 20: 138.7821, 30: 144.2723, 40: 137.5407, 50: 140.8052,
        60: 140.9192, 70: 144.1735, 80: 143.6392, 90: 139.5986, 100: 140.4299,
    },
}  # fmt: skip
LAYERS = {"vae2": 2, "vae3": 3, "vae4": 4}
# the systems in which a depth's losses are read; the latent size is not given
READ_IN = {"vae2": ("vae2", "vae2_latent_3"), "vae3": ("vae3",), "vae4": ("vae4",)}
# Table 2: discriminator's and generator's loss by epoch
GAN_LOSS: dict[float, tuple[float, float]] = {
    1: (1.018, 2.863), 20: (0.864, 1.690), 40: (1.080, 1.250), 60: (1.192, 1.037),
    80: (1.243, 0.949), 100: (1.259, 0.922), 120: (1.263, 0.921), 140: (1.280, 0.885),
    160: (1.287, 0.874), 180: (1.291, 0.860), 200: (1.286, 0.870),
}  # fmt: skip
NEAR_VAE = 3.0  # nats; the column of four layers goes up and down by as much from row to row
NEAR_GAN = 0.2  # nats
LATE = 50  # the epoch after which the text sees no more progress
PLAYERS = ("discriminator", "generator")


@dataclass(frozen=True)
class Loss:
    """BCE + KL in nats per image: over the epoch's training images, and over the test images."""

    train: Spread | None
    test: Spread | None


def vae_losses(result: Result, images: Tensor, epochs: Iterable[float]) -> dict[float, Loss]:
    """The losses at those epochs that were reached; on test images where the weights were kept.

    Args:
        result: a VAE with the Bernoulli likelihood.
        images: test images [M, 1, 28, 28].
        epochs: wanted.
    """
    column = "autoencoder.loss"
    return {
        epoch: Loss(
            courses.over_seeds(result, partial(_train_loss, result, column, epoch)),
            courses.over_seeds(result, partial(_test_loss, result, images, epoch)),
        )
        for epoch in epochs
        if courses.is_reached(result, epoch)
    }


def _train_loss(result: Result, column: str, epoch: float, seed: int) -> float | None:
    return courses.loss_at(result.history(seed), column, epoch)


def _test_loss(result: Result, images: Tensor, epoch: float, seed: int) -> float | None:
    if epoch == courses.epochs(result):
        return negative_elbo(result.networks(seed), images, seed)
    if epoch in result.epochs():
        return negative_elbo(result.networks(seed, epoch), images, seed)
    return None


def negative_elbo(networks: nn.ModuleDict, images: Tensor, seed: int) -> float:
    """BCE + KL of test images [M, 1, 28, 28], nats per image: the metric `negative_elbo`."""
    per_image, _ = bounds(networks, images, "bernoulli", seed)
    return float(per_image["negative_elbo"].mean())


def gan_losses(result: Result, epochs: Iterable[float]) -> dict[float, list[Spread | None]]:
    """The losses of `PLAYERS` over those epochs that were reached."""
    return {
        epoch: [
            courses.over_seeds(result, partial(_train_loss, result, f"{player}.loss", epoch))
            for player in PLAYERS
        ]
        for epoch in epochs
        if courses.is_reached(result, epoch)
    }


def vae_rows(
    results: Mapping[str, Result], losses: Mapping[str, Mapping[float, Loss]]
) -> list[Finding]:
    """A row per number of Table 1: it holds if a train or test loss comes near in any reading."""
    rows = []
    for name, column in VAE_LOSS.items():
        read = [results[system] for system in READ_IN[name]]
        for epoch, published in column.items():
            found: list[Loss] = []
            words = []
            for system, result in zip(READ_IN[name], read, strict=True):
                loss = losses[system].get(epoch)
                words.append(f"latent size {result.latent_dim}: {_in_words(loss)}")
                found += [loss] if loss else []
            votes = [near(s, published, NEAR_VAE) for one in found for s in (one.train, one.test)]
            known = [vote for vote in votes if vote is not None]
            rows.append(
                Finding(
                    f"VAE loss, {LAYERS[name]} hidden layers, epoch {epoch:g} (Table 1)",
                    read, f"{published}", "; ".join(words), if_true(any(known) if known else None),
                    f"within {NEAR_VAE:g} nats; train or test is not said: either",
                )
            )  # fmt: skip
    return rows


def _in_words(loss: Loss | None) -> str:
    return f"train {_nats(loss.train)}, test {_nats(loss.test)}" if loss else "not reached"


def _nats(value: Spread | None) -> str:
    return written(value, 2) if value else "not kept"


def gan_rows(gan: Result, losses: Mapping[float, list[Spread | None]]) -> list[Finding]:
    """A row per number of Table 2."""
    rows = []
    for epoch, pair in GAN_LOSS.items():
        for place, (player, published) in enumerate(zip(PLAYERS, pair, strict=True)):
            value = losses[epoch][place] if epoch in losses else None
            text = written(value) if epoch in losses else "not reached"
            rows.append(
                Finding(
                    f"{player}'s loss of the GAN, epoch {epoch:g} (Table 2)", [gan],
                    f"{published:.3f}", text, if_true(near(value, published, NEAR_GAN)),
                    f"within {NEAR_GAN:g} nats; the discriminator's loss read as real plus fake",
                )
            )  # fmt: skip
    return rows


def vae_table(losses: Mapping[str, Mapping[float, Loss]], epochs: Iterable[float]) -> pd.DataFrame:
    """A row per epoch: `published_`, `train_` and `test_<system>`; empty where not reached."""
    rows = []
    for epoch in epochs:
        row: dict[str, float | None] = {"epoch": epoch}
        for name, of_system in losses.items():
            loss = of_system.get(epoch, Loss(None, None))
            if name in VAE_LOSS:
                row[f"published_{name}"] = VAE_LOSS[name].get(epoch)
            row[f"train_{name}"] = courses.mean(loss.train)
            row[f"test_{name}"] = courses.mean(loss.test)
        rows.append(row)
    return pd.DataFrame(rows)


def gan_table(losses: Mapping[str, Mapping[float, list[Spread | None]]]) -> pd.DataFrame:
    """A row per epoch of Table 2: `published_<player>` and `<system>_<player>`."""
    rows = []
    for epoch, published in GAN_LOSS.items():
        row: dict[str, float | None] = {"epoch": epoch}
        row |= {f"published_{p}": v for p, v in zip(PLAYERS, published, strict=True)}
        for name, of_system in losses.items():
            found = of_system.get(epoch, [None, None])
            row |= {f"{name}_{p}": courses.mean(v) for p, v in zip(PLAYERS, found, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Late:
    """Means of one depth over late epochs in nats; None where none was reached."""

    published: float | None
    train: float | None
    test: float | None


def late_epochs(losses: Mapping[str, Mapping[float, object]]) -> list[float]:
    """The published epochs from `LATE` on that every depth reached."""
    reached = set.intersection(*(set(losses[name]) for name in VAE_LOSS))
    return sorted(epoch for epoch in reached if epoch >= LATE)


def late_means(name: str, losses: Mapping[float, Loss], epochs: Iterable[float]) -> Late:
    """Means over these epochs, of the text's column and of what was reached here."""
    wanted = list(epochs)
    train = [loss.train.mean for epoch in wanted if (loss := losses[epoch]).train]
    test = [loss.test.mean for epoch in wanted if (loss := losses[epoch]).test]
    return Late(
        fmean(VAE_LOSS[name][epoch] for epoch in wanted) if wanted else None,
        fmean(train) if train else None,
        fmean(test) if test else None,
    )


def late_table(losses: Mapping[str, Mapping[float, Loss]]) -> pd.DataFrame:
    """`late_means` of every depth over the epochs that all reached, a row each."""
    epochs = late_epochs(losses)
    return pd.DataFrame(
        [
            {
                "hidden_layers": LAYERS[name],
                "epochs": " ".join(f"{epoch:g}" for epoch in epochs),
                **vars(late_means(name, losses[name], epochs)),
            }
            for name in VAE_LOSS
        ]
    )
