"""What ghosh2020 derives (sections 2 and 5), where a training shows it.

tests/test_theory.py holds the derivations themselves against the losses.
"""

import math

import pandas as pd

from ganvae.comparison.summary import Spread
from ganvae.papers.shared.courses import late, over_seeds
from ganvae.papers.shared.findings import Finding, if_true, written
from ganvae.papers.shared.results import Result, Results, of_seeds
from ganvae.papers.shared.rules import unless_short

VALUE_AT_OPTIMUM = -math.log(4)  # V(D*, G) where p_g = p_data, section 2.1.1 after eq. 15
JSD_OF_DISJOINT = math.log(2)  # section 5
LOSS = "generator.loss"
OFTEN = 0.5  # of the seeds
SMOOTHED = 5
FAR = 0.95  # of log 2, to call two distributions disjoint


def theory(results: Results) -> list[Finding]:
    """What section 2 and 5 derive, where a training shows it; tests/test_theory.py has the rest."""
    gans = [results[name] for name in ("gan", "gan_saturating", "vanilla_gan")]
    losses = [late(result, "discriminator.loss") for result in gans]
    values = [
        f"{result.name.partition('_')[2]} {written(_negative(loss))}"
        for result, loss in zip(gans, losses, strict=True)
    ]
    bound = early_divergence(results["gan"])
    lost = sum(result.fell for result in gans)
    seeds = sum(len(result.seeds) for result in gans)
    fell = often(lost, seeds)
    vaes = [results[name] for name in ("vae", "vanilla_vae")]
    terms = pd.concat([r.history(s)["autoencoder.kl_nats"] for r in vaes for s in r.seeds] or
                      [pd.Series(dtype=float)])  # fmt: skip
    terms = terms.dropna()
    infinite = None if terms.empty else bool(terms.map(math.isinf).any())
    return [
        Finding(
            "V(D*, G) at the global optimum (section 2.1.1, after eq. 15)",
            gans, f"-log 4 = {VALUE_AT_OPTIMUM:.4f}",
            f"V(D, G) over the last tenth: {', '.join(values)}", "no claim",
            "the text does not say that its GAN reaches the optimum",
        ),
        Finding(
            "at the very beginning the JSD of noise and data distribution is log 2 (section 5)",
            [results["gan"]], f"log 2 = {JSD_OF_DISJOINT:.4f}",
            f"JSD of at least {written(bound)} nats within the first tenth",
            "holds" if bound and bound.mean >= FAR * JSD_OF_DISJOINT else "cannot tell",
            f"holds above {FAR:g} log 2; the discriminator's loss bounds it from below alone",
        ),
        Finding(
            "GAN often suffers from mode collapse (section 5)", gans, "often",
            f"{lost} of {seeds} seeds lost classes that they had drawn, and "
            f"{sum(r.collapsed for r in gans) - lost} had not yet drawn enough; "
            f"{sum(r.diverged for r in gans)} diverged",
            if_true(unless_short(fell, gans)), f"often: at least {OFTEN:g} of the seeds",
            question=1,
        ),
        Finding(
            "theoretically, GAN gives superior performance than VAE (section 5)", [*gans, *vaes],
            "superior", "by metrics it is the question of the rows on who looks more real",
            "no claim", "an argument on divergences, whose two halves are the next rows",
        ),
        Finding(
            "GAN often suffers from vanishing gradients (section 5)", gans[:2], "often",
            f"generator's loss over the last tenth, saturating {written(late(gans[1], LOSS))}, "
            f"non-saturating {written(late(gans[0], LOSS))}", "no claim",
            "the saturating one's gradient vanishes where it is 0: tests/test_theory.py", 1,
        ),
        Finding(
            "the KL divergence in the VAE's loss is infinite at the start, as the distributions do "
            "not overlap (section 5)",
            vaes, "infinite",
            f"{terms.min():.2f} to {terms.max():.2f} nats in all records of all seeds",
            if_true(infinite), "its KL term is of Gaussian codes, which always overlap",
        ),
    ]  # fmt: skip


def often(lost: int, seeds: int) -> bool | None:
    """Whether at least `OFTEN` of the seeds collapsed; None without any."""
    return lost >= OFTEN * seeds if seeds else None


def early_divergence(result: Result, share: float = 0.1) -> Spread | None:
    """A lower bound on JSD(p_data, p_g) in nats, from the first `share` of the training, by seed.

    V(D, G) <= V(D*, G) = -log 4 + 2 JSD (eq. 15) for any D, so JSD >= (log 4 - L_D) / 2 with the
    discriminator's loss L_D = -V; here its lowest mean of `SMOOTHED` records, as one is noisy.
    """

    def of(seed: int) -> float:
        losses = result.history(seed)["discriminator.loss"].dropna()
        smooth = losses.rolling(SMOOTHED, min_periods=1).mean()
        return float(math.log(4) - smooth.iloc[: max(1, round(share * len(losses)))].min()) / 2

    return over_seeds(result, of)


def _negative(value: Spread | None) -> Spread | None:
    return value and of_seeds({int(seed): -v for seed, v in value.seeds.items()})
