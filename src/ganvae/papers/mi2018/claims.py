"""The published numbers and claims of mi2018, each beside what was measured and its verdict.

The paper's judge is the two-layer classifier of section 3.2, so entropies are taken with one such.
"""

from collections.abc import Sequence

import pandas as pd

from ganvae.comparison.summary import spread
from ganvae.papers.mi2018.judge import HARD, IMAGES, Judge
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, experiment, if_true, listed, written
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.rules import (
    every,
    if_reached,
    larger,
    near,
    settled,
    unanimous,
    unless_short,
)

CLASS_ENTROPY = {"gan": 0.0, "wgan": 2.280, "vae": 2.266, "vaegan": 2.263}  # Table 1
NEAR = 0.03  # nats
COLLAPSED_AT = 0.48  # of the 1,000k iterations: the GAN's entropy is 0 from 480k on (Fig. 3)
COLLAPSED = 0.5  # nats: fewer than two effective digits
ACCURACY = 0.954  # of the classifier, section 3.2
FALL = 0.5  # nats by which a falling class entropy ends below its highest
STEADY = 0.05  # nats between the highest and lowest class entropy of a run's later snapshots
LATER = 0.1  # the share of a run after which snapshots are later ones
OTHERS = ("gan", "wgan", "vae")


def findings(results: Results, judge: Judge, accuracy: pd.DataFrame) -> list[Finding]:
    """The rows of section 3 on entropies.

    Args:
        results: its systems.
        judge: the two-layer classifier's view of them.
        accuracy: that classifier's test accuracy, columns seed and test_accuracy.
    """
    return [
        *_entropies(results, judge),
        *_along_training(results, judge),
        _accuracy(accuracy),
        *_single_images(results, judge),
    ]


def _entropies(results: Results, judge: Judge) -> list[Finding]:
    rows = []
    for name, published in CLASS_ENTROPY.items():
        value, result = judge.class_entropy(name), results[name]
        share = COLLAPSED_AT if name == "gan" else 1.0
        text = f"{written(value)} nats"
        close = near(value, published, NEAR)
        if name == "gan" and value is not None:
            lost = [seed for seed in result.seeds if value.seeds[str(seed)] < COLLAPSED]
            digits = ", ".join(str(judge.digit(name, seed)) for seed in lost)
            text += f"; all images of a collapsed seed are read as {digits}" if lost else ""
            text += f"; {result.fell} of {len(result.seeds)} seeds had drawn more classes before"
            close = close if result.fell == len(result.seeds) else None
        rows.append(
            Finding(
                f"class entropy of the {name} at the end (Table 1)",
                [result], f"{published:.3f}" + (", the digit 1 alone" if name == "gan" else ""),
                text, if_true(unless_short(close, [result], share)),
                f"within {NEAR:g} nats"
                + ("; a collapse needs classes to lose" if name == "gan" else ""),
                question=1 if name in ("gan", "wgan") else None,
            )
        )  # fmt: skip
    return rows


def _along_training(results: Results, judge: Judge) -> list[Finding]:
    gan, wgan, minimax = results["gan"], results["wgan"], results["gan_minimax"]
    falls = [fall(judge.course("gan", seed)) for seed in gan.seeds]
    fell = unanimous([value > FALL for value in falls])
    stays = [rises_and_stays(judge.course("wgan", seed)) for seed in wgan.seeds]
    ranges = [late_range(judge.course("wgan", seed)) for seed in wgan.seeds]
    ends = [judge.course("gan_minimax", s)["class_entropy"].iloc[-1] for s in minimax.seeds]
    same = [entropy_at(judge.course("gan", seed), updates(minimax)) for seed in gan.seeds]
    return [
        Finding(
            "the GAN's class entropy decreases rapidly (section 3.2, Fig. 3)", [gan],
            "to 0 from 480k iterations on",
            f"highest minus last of a run: {listed(falls)} nats",
            if_true(unless_short(fell, [gan], COLLAPSED_AT)), question=1,
        ),
        Finding(
            "the WGAN's class entropy rises and stays (section 3.2, Fig. 3)", [wgan],
            "steady at 2.280",
            f"range over the snapshots after a tenth of a run: {listed(ranges)} nats",
            if_true(unless_short(every(stays), [wgan])), question=1,
        ),
        Finding(
            "eq. 1 (minimax) beside eq. 2 (non-saturating)", [minimax, gan], "not trained",
            f"class entropy after {updates(minimax):,.0f} updates: {listed(ends)} beside "
            f"{listed(same)}", "no claim", "snapshots of 2,000 images", 1,
        ),
    ]  # fmt: skip


def fall(course: pd.DataFrame) -> float:
    """By how much a run's class entropy ends below its highest, in nats."""
    entropy = course["class_entropy"]
    return float(entropy.max() - entropy.iloc[-1])


def _later(course: pd.DataFrame) -> "pd.Series[float]":
    later: pd.Series[float] = course.loc[
        course["step"] >= LATER * course["step"].max(), "class_entropy"
    ]
    return later


def late_range(course: pd.DataFrame) -> float:
    """Between the highest and lowest class entropy of a run's later snapshots, in nats."""
    return float(_later(course).max() - _later(course).min())


def rises_and_stays(course: pd.DataFrame) -> bool | None:
    """Whether class entropy comes near the published end and stays; None for too few snapshots."""
    if len(_later(course)) < 3:
        return None
    last = course["class_entropy"].iloc[-1]
    rises = last > course["class_entropy"].iloc[0] and last > CLASS_ENTROPY["wgan"] - STEADY
    return bool(rises and late_range(course) < STEADY)


def entropy_at(course: pd.DataFrame, updates: float) -> float:
    """Class entropy at the snapshot nearest to so many updates."""
    nearest = int((course["updates"] - updates).abs().to_numpy().argmin())
    return float(course["class_entropy"].iloc[nearest])


def _accuracy(accuracy: pd.DataFrame) -> Finding:
    found = accuracy["test_accuracy"].tolist()
    value = spread(dict(zip(accuracy["seed"].astype(str), found, strict=True)))
    return Finding(
        "test accuracy of the two-layer classifier (section 3.2)", [],
        f"{ACCURACY}", written(value, 4), if_true(value.mean >= ACCURACY),
        "hidden width not given: 128",
        source=experiment("mi2018_two_layer_classifier", accuracy),
    )  # fmt: skip


def _single_images(results: Results, judge: Judge) -> list[Finding]:
    """Fig. 5, over all images instead of ten."""
    mean = {name: judge.image_entropy(name) for name in (*OTHERS, "vaegan")}
    hard = {name: judge.hard(name) for name in mean}
    used = [results[name] for name in mean]
    gan = results["gan"]
    text = ", ".join(f"{name} {written(value)}" for name, value in mean.items())
    lowest = every(larger(mean[name], mean["vaegan"]) for name in OTHERS)
    hardest = every(larger(mean["wgan"], mean[name]) for name in ("gan", "vae", "vaegan"))
    high = every(larger(hard[name], hard["vaegan"]) for name in ("vae", "wgan"))
    fell = bool(gan.seeds) and gan.fell == len(gan.seeds)
    low = larger(mean["vae"], mean["gan"]) if fell else None
    over = f"all of {IMAGES:,} images instead of ten"
    return [
        Finding(
            "the VAE-GAN's images have the lowest entropy (section 3.3, Fig. 5)", used,
            "VAE-GAN lowest", f"mean {text} nats",
            if_true(final(lowest, results["vaegan"], [results[n] for n in OTHERS])), over,
        ),
        Finding(
            "several images of VAE and WGAN have a high entropy (section 3.3, Fig. 5)", used,
            "VAE and WGAN", f"share above {HARD:g} nat: "
            + ", ".join(f"{name} {written(value)}" for name, value in hard.items()),
            if_true(if_reached(high, used)), f"{over}; holds with more of them than the VAE-GAN",
        ),
        Finding(
            "the GAN's images have a low entropy through its collapse (section 3.3, Fig. 5)",
            [gan, results["vae"]], "low",
            f"{gan.fell} of {len(gan.seeds)} seeds lost classes; mean {written(mean['gan'])}, "
            f"VAE {written(mean['vae'])} nats",
            if_true(unless_short(low, [gan], COLLAPSED_AT)), f"{over}; low: below the VAE's",
        ),
        Finding(
            "the WGAN's images are the hardest to read (section 3.3)", used, "WGAN hard to read",
            f"mean {text} nats",
            if_true(final(hardest, results["wgan"], [r for r in used if r != results["wgan"]])),
            "a classifier's entropy instead of eyes",
        ),
    ]  # fmt: skip


def final(condition: bool | None, left: Result, others: Sequence[Result]) -> bool | None:
    """A comparison's outcome, unless a longer training might turn one of its orders."""
    return condition if all(settled(left, other) for other in others) else None


def updates(result: Result) -> float:
    """Of the generator, in the whole training."""
    return courses.mean(result.cost("generator_updates")) or 0.0
