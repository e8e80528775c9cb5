"""What mi2018 says of the constrained VAE-GAN, section 4, each beside what was measured here.

The text gives no length for both VAE-GANs but that it is the same, so verdicts are on what was run.
"""

from collections.abc import Mapping

import pandas as pd

from ganvae.comparison.constraint import active_share
from ganvae.comparison.summary import Spread, spread
from ganvae.papers.mi2018.judge import LOW_ENTROPY, Judge
from ganvae.papers.mi2018.looks import similar
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, experiment, if_true, written
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.rules import every, larger, unless_short, unrefuted

CELL = ["lambda", "d"]
READINGS = ("cvaegan_per_image", "cvaegan_on_reconstructions")
NOT_GIVEN = "lambda and d are not given"
JUDGED = "by the two-layer classifier"
# better is higher or lower
QUALITY = {"fid_classifier": -1, "precision": 1, "class_entropy": 1, "image_entropy": -1}
DOMINATES = 0.5  # of the two gradients' norms


def findings(results: Results, judge: Judge, maps: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """The rows of section 4.

    Args:
        results: the paper's systems.
        judge: the two-layer classifier's view of them.
        maps: "map", "map_wide" and "map_options" -> `map.csv` of `ganvae.experiments.map`.
    """
    return [
        *_compared(results, judge),
        _readings(results),
        _dominates(results["vaegan"]),
        *(where_it_helps(name, maps[name]) for name in ("map", "map_wide")),
        _options(maps["map_options"]),
    ]


def active(result: Result) -> Spread | None:
    """The share of the autoencoder's updates with L_gan > d."""
    every = result.values["models"]["cvaegan"]["discriminator_steps"]
    return courses.over_seeds(result, lambda seed: active_share(result.history(seed), every))


def _compared(results: Results, judge: Judge) -> list[Finding]:
    pair = [results["cvaegan"], results["vaegan"]]
    own, free = pair
    more = [judge.certain(name) for name in ("cvaegan", "vaegan")]
    unsteady = [judge.unsteadiness(name) for name in ("cvaegan", "vaegan")]
    quality = {metric: (own.metric(metric), free.metric(metric)) for metric in QUALITY}
    votes = [
        larger(*values) if QUALITY[metric] > 0 else larger(*reversed(values))
        for metric, values in quality.items()
    ]
    numbers = "; ".join(f"{m} {written(a, 2)} and {written(b, 2)}" for m, (a, b) in quality.items())
    bound = f"; active in {written(active(own), 2)} of the updates"
    params = own.values["models"]["cvaegan"]
    setting = f"{NOT_GIVEN}: {params['lambda']:g} and {params['d']:g}, others might say otherwise"
    return [
        Finding(
            "the constrained VAE-GAN has more images of low entropy than the VAE-GAN "
            "(section 4.2, Fig. 8)", pair, "more",
            f"share below {LOW_ENTROPY} nats {JUDGED}: {written(more[0])} and "
            f"{written(more[1])}{bound}",
            if_true(unrefuted(larger(*more))), setting, 5,
        ),
        Finding(
            "its image quality is more stable (section 4.2)", pair, "more stable",
            f"standard deviation of the entropy over the images {JUDGED}: "
            f"{written(unsteady[0])} and {written(unsteady[1])} nats",
            if_true(unrefuted(larger(unsteady[1], unsteady[0]))), setting, 5,
        ),
        Finding(
            "neither has a dominating performance (section 4.2)", pair, "neither",
            f"constrained and free: {numbers}",
            if_true(None if None in quality["fid_classifier"] else len(set(votes) - {None}) != 1
                    or None in votes),
            f"dominating: told better in all of these; {setting}", 5,
        ),
        Finding(
            "there is little difference between both (section 5)", pair, "little",
            f"constrained and free: {numbers}",
            if_true(unrefuted(every(similar(*values) for values in quality.values()))),
            f"little: within a tenth in all of these; {setting}", 5,
        ),
    ]  # fmt: skip


def _readings(results: Results) -> Finding:
    """Whole trainings by the other readings of eq. 7; the map has more settings, and is shorter."""
    shown = [results[name] for name in ("cvaegan", *READINGS)]
    words = [
        f"{result.name}: FID {written(result.metric('fid_classifier'), 1)}, "
        f"active in {written(active(result), 2)}"
        for result in shown
    ]
    return Finding(
        "the hinge per image, and L_gan on reconstructions, in whole trainings", shown,
        "not said", "; ".join(words), "no claim", NOT_GIVEN, 5,
    )  # fmt: skip


def share_of_l_gan(history: pd.DataFrame) -> "pd.Series[float]":
    """L_gan's share of the decoder's two gradient norms, by row."""
    gan, vae = history["autoencoder.l_gan_gradient"], history["autoencoder.l_vae_gradient"]
    return (gan / (gan + vae)).dropna()


def _dominates(result: Result) -> Finding:
    shares, losses = [], []
    for seed in result.seeds:
        history = result.history(seed)
        share = share_of_l_gan(history)
        tenth = max(1, len(share) // 10)
        shares.append((share.iloc[:tenth].mean(), share.iloc[-tenth:].mean()))
        loss = history["autoencoder.l_gan"].dropna()
        losses.append((loss.iloc[:tenth].mean(), loss.iloc[-tenth:].mean()))
    strengthens = [last > first for first, last in shares]
    dominates = [last > DOMINATES for _, last in shares]
    return Finding(
        "L_gan might dominate, since it strengthens over iterations (section 4.1)", [result],
        "strengthens", "L_gan's share of the decoder's two gradient norms, first and last tenth: "
        + ", ".join(f"{first:.2f} and {last:.2f}" for first, last in shares)
        + "; L_gan " + ", ".join(f"{first:.2f} and {last:.2f}" for first, last in losses)
        + " nats",
        if_true(unless_short(every([*strengthens, *dominates]) if shares else None, [result])),
        f"strengthens: a larger share at the end; dominates: above {DOMINATES}", 5,
    )  # fmt: skip


def where_it_helps(name: str, measured: pd.DataFrame) -> Finding:
    """For each lambda the d above 0 by which FID is told lower than without the constraint.

    Where it never was active, the model was a VAE and the constraint did nothing.

    Args:
        name: of the map.
        measured: columns lambda, d, seed, fid_classifier, active_share, state, step and collapsed;
            d <= 0 is no constraint but a VAE-GAN of weight lambda.
    """
    better: list[str] = []
    worse: list[str] = []
    for lam, own in measured.groupby("lambda"):
        free = _fid(own[own["d"] <= 0])
        for d, cell in own[own["d"] > 0].groupby("d"):
            told = larger(free, _fid(cell))
            if told is not None and cell["active_share"].max() > 0:
                (better if told else worse).append(f"lambda {lam:g} d {d:g}")
    seeds = int(measured["seed"].nunique())
    whole = [(key, fid) for key, cell in measured.groupby(CELL)
             if (fid := _fid(cell)) and len(fid.seeds) == seeds]  # fmt: skip
    lowest = min(whole, key=lambda cell: cell[1].mean, default=None)
    text = f"told lower for {', '.join(better) or 'none'}, higher for {', '.join(worse) or 'none'}"
    if lowest:
        (strength, bound), fid = lowest
        own = measured[(measured["lambda"] == strength) & (measured["d"] == bound)]
        text += (
            f"; lowest of all {written(fid, 1)} at lambda {strength:g}, d {bound:g} "
            f"(active in {own['active_share'].mean():.2f})"
        )
    lost = int(measured["collapsed"].fillna(False).astype(bool).sum())
    return Finding(
        f"for which lambda and d the constraint helps ({name})", [], "not given",
        f"FID beside d = 0 at the same lambda: {text}; {lost} of {len(measured)} collapsed",
        "no claim", NOT_GIVEN, 5, experiment(f"mi2018_{name}", measured),
    )  # fmt: skip


def _fid(cell: pd.DataFrame) -> Spread | None:
    finished = cell[cell["state"] == "finished"]
    values = dict(zip(finished["seed"].astype(str), finished["fid_classifier"], strict=True))
    return spread(values) if values else None


def _options(measured: pd.DataFrame) -> Finding:
    """The hinge per image and L_gan on reconstructions beside the text as read."""
    words = []
    for key, own in measured.groupby(["hinge", "l_gan_on", *CELL]):
        hinge, on, lam, d = key
        fid, share = _fid(own), own["active_share"].mean()
        words.append(
            f"{hinge}, {on}, lambda {lam:g}, d {d:g}: FID {written(fid, 1)}, active {share:.2f}"
        )
    return Finding(
        "the hinge per image, and L_gan on reconstructions as section 4.1's point x suggests", [],
        "not said", "; ".join(words), "no claim", NOT_GIVEN, 5,
        experiment("mi2018_map_options", measured),
    )  # fmt: skip
