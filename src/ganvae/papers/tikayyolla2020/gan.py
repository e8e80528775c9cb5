"""The claims of tikayyolla2020 about the GAN, and about both; each with its rule."""

from collections.abc import Mapping, Sequence

from ganvae.comparison.summary import Spread
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, if_true, written
from ganvae.papers.shared.results import Result
from ganvae.papers.shared.rules import NOISY, at_least, every, if_reached, larger, unless_short
from ganvae.papers.tikayyolla2020 import training
from ganvae.papers.tikayyolla2020.losses import LAYERS

FAR = 2.0  # factor of "very less" time, and of an unstable training's jumps
WORSE = 1.1  # factor of a FID that has got worse
BALANCED_AT = 0.5  # share of the published length from which on the losses' drift is one
HALF_WORDS = f"{training.HALF:.0%} or less"
CRISP = 0.9  # sharpness relative to real images from which on images are crisp, below it blurry


def of_the_gan(results: Mapping[str, Result]) -> list[Finding]:
    """Sections 2.1, 3 and 4.2."""
    gan, relu, wgan = results["gan"], results["gan_relu"], results["wgan"]
    return [_balance(gan), _relu(gan, relu), _half(gan), _wasserstein(gan, wgan)]


def of_both(results: Mapping[str, Result]) -> list[Finding]:
    """Section 5."""
    vaes = [results[name] for name in LAYERS]
    return [_looks(results["gan"], vaes), *_time(results["gan"], vaes)]


def _balance(gan: Result) -> Finding:
    """Discriminator's loss up and generator's down from the first tenth of rows to the last."""
    changes = [losses_change(gan, seed) for seed in gan.seeds]
    found = every(up > 0 > down for up, down in changes) if changes else None
    text = ", ".join(f"{up:+.3f} and {down:+.3f}" for up, down in changes)
    return Finding(
        "the discriminator loses its performance while the generator gains (section 4.2, Table 2)",
        [gan], "1.018 to 1.286 and 2.863 to 0.870",
        f"change of the two losses, last tenth less first: {text or 'no seed finished'}",
        if_true(if_reached(found, [gan], BALANCED_AT)),
    )  # fmt: skip


def losses_change(gan: Result, seed: int) -> tuple[float, float]:
    """Discriminator's and generator's loss: mean of the last tenth of rows less the first."""
    history = gan.history(seed)
    tenth = max(1, len(history) // 10)
    changes = [
        float(history[name].iloc[-tenth:].mean() - history[name].iloc[:tenth].mean())
        for name in ("discriminator.loss", "generator.loss")
    ]
    return changes[0], changes[1]


def unstable(lost: int, jumps: float, reference: float) -> bool | None:
    """Whether seeds of a training were lost, or its losses jump `FAR` times as much.

    Args:
        lost: seeds that diverged or collapsed.
        jumps: `training.roughness`; None is returned where it is NaN and no seed was lost.
        reference: that of the other training.
    """
    if lost:
        return True
    return None if jumps != jumps or reference != reference else jumps > FAR * reference


def _relu(gan: Result, relu: Result) -> Finding:
    """Over the steps that both trained; a seed is lost that diverged or lost classes it had."""
    jumps, reference = training.compared_roughness(relu, gan)
    lost = [result.diverged + result.fell for result in (relu, gan)]
    stable = unstable(lost[1], reference, jumps)
    verdict = every([unstable(lost[0], jumps, reference), None if stable is None else not stable])
    return Finding(
        "ReLU made the convolutional GAN unstable, LeakyReLU cured it (section 4.2)", [relu, gan],
        "unstable, then stable",
        f"ReLU: {relu.diverged} diverged, {relu.fell} collapsed, losses jump by "
        f"{jumps:.3f} nats; LeakyReLU: {gan.diverged}, {gan.fell}, {reference:.3f}",
        if_true(unless_short(verdict, [relu, gan])),
        f"unstable: diverged, collapsed, or losses that jump {FAR:g} times as much over the epochs "
        "that both trained",
    )  # fmt: skip


def decreases(pairs: Sequence[tuple[float, float]]) -> bool | None:
    """Whether quality decreased in every pair (best FID, last); None if they disagree or are one.

    One training alone does not tell a decrease from its ups and downs.
    """
    found = {last > WORSE * best for best, last in pairs}
    return found.pop() if len(found) == 1 and len(pairs) > 1 else None


def _half(gan: Result) -> Finding:
    rows = {seed: training.half(gan.history(seed)) for seed in gan.seeds}
    pairs = [p for seed in gan.seeds if (p := training.quality_after_half(gan, seed))]
    lowest = [float(gan.history(seed)["discriminator.accuracy"].min()) for seed in gan.seeds]
    since = [f"epoch {row['epoch']:.2g}" if row is not None else "never" for row in rows.values()]
    text = ", ".join(f"best {best:.1f}, {last:.1f} at the end" for best, last in pairs)
    return Finding(
        "at 50 % discriminator accuracy the generator should stop training or else it might "
        "decrease its performance (section 2.1)",
        [gan], "decreases",
        f"lowest accuracy {', '.join(f'{value:.3f}' for value in lowest) or 'none'}; first at "
        f"{HALF_WORDS}: {', '.join(since) or 'never'}; classifier-FID of the snapshots: "
        f"{text or 'none after it'}",
        if_true(unless_short(decreases(pairs), [gan])),
        f"decreases: the last snapshot's FID is {WORSE:g} times the best one's from there, in two "
        "seeds or more",
    )  # fmt: skip


def cures(lost: int, others: int, better: bool | None) -> bool | None:
    """Whether the Wasserstein loss cures collapse.

    Args:
        lost: seeds of the GAN that collapsed or diverged; without any there is nothing to cure.
        others: those of the WGAN.
        better: whether the WGAN's images are the better ones, so that it does draw digits.
    """
    if not lost:
        return None
    return False if others else better


def _wasserstein(gan: Result, wgan: Result) -> Finding:
    texts = [
        f"{r.name}: {r.fell} of {len(r.seeds)} collapsed, {r.diverged} diverged, class entropy "
        f"{written(r.metric('class_entropy'))}, FID {written(r.metric('fid_classifier'), 1)}"
        for r in (gan, wgan)
    ]
    lost = [result.diverged + result.fell for result in (gan, wgan)]
    better = larger(gan.metric("fid_classifier"), wgan.metric("fid_classifier"))
    return Finding(
        "GAN's vanilla implementation faces mode collapse, which the Wasserstein loss can solve "
        "(section 3)", [gan, wgan], "solved", "; ".join(texts),
        if_true(unless_short(cures(lost[0], lost[1], better), [gan, wgan])),
        "a GAN that does not collapse leaves nothing to solve", 1,
    )  # fmt: skip


def _looks(gan: Result, vaes: Sequence[Result]) -> Finding:
    sharp = [result.metric("sharpness") for result in (gan, *vaes)]
    crisp = CRISP <= sharp[0].mean <= NOISY if sharp[0] else None
    blurry = every(value.mean < CRISP if value else None for value in sharp[1:])
    apart = every(larger(sharp[0], value) for value in sharp[1:])
    texts = [f"{r.name} {written(s)}" for r, s in zip((gan, *vaes), sharp, strict=True)]
    return Finding(
        "the GAN's images are crisp and sharp, the VAE's blurry (sections 3 and 5, Figs. 15, 16)",
        [gan, *vaes], "GAN crisp, VAE blurry", "sharpness (real images 1): " + ", ".join(texts),
        if_true(unless_short(every([crisp, blurry, apart]), [gan, *vaes])),
        f"crisp: {CRISP} to {NOISY} of the real images' sharpness, above it noisy", 2,
    )  # fmt: skip


def _time(gan: Result, vaes: Sequence[Result]) -> list[Finding]:
    """At the published lengths, extrapolated from the seconds of an epoch."""
    per_epoch = [courses.seconds_per_epoch(result) for result in (gan, *vaes)]
    whole = [_times(s, _length(r)) for r, s in zip((gan, *vaes), per_epoch, strict=True)]
    far = every(at_least(whole[0], value, FAR) for value in whole[1:])
    devices = ", ".join(sorted({r.devices for r in (gan, *vaes) if r.devices}))
    texts = [
        f"{r.name} {written(s, 1)} and {written(w, 0)}"
        for r, s, w in zip((gan, *vaes), per_epoch, whole, strict=True)
    ]
    return [
        Finding(
            "training the VAE takes very much less time than training the GAN (section 5)",
            [gan, *vaes], "VAE very less",
            "seconds per epoch, and for the published number of epochs: "
            f"{', '.join(texts)}; on {devices or 'no device'}",
            if_true(far), f"very much: {FAR:g} times; lengths that were not trained extrapolated",
            3,
        ),
        Finding(
            "time to the same quality", [gan, vaes[0]], "not said",
            courses.time_to_quality(gan, vaes[0]), "no claim", "", 3,
        ),
    ]  # fmt: skip


def _length(result: Result) -> float:
    """The published number of epochs."""
    return float(result.block.length["epochs"])


def _times(value: Spread | None, factor: float) -> Spread | None:
    if value is None:
        return None
    std = None if value.std is None else value.std * factor
    return Spread(value.mean * factor, std, None, {s: v * factor for s, v in value.seeds.items()})
