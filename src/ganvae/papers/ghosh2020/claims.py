"""The claims of ghosh2020 on what its models draw.

"Looks more real" is judged by two measures on the judge's features: the share of a model's images
that lie among the real ones (precision; single images, as a reader looks at them) and FID (all of
them together, so that one good digit over and over does not pass for real images). Each votes
where the seeds tell the two models apart; the claim needs a vote and no contradiction. Precision
has no vote where all seeds of one model collapsed: a single image gives it any value. Sharpness
and single-image entropy are printed beside them and do not vote: noise is sharp, and a classifier
can be sure of what no person would read. Where a GAN stands is not read before `READ_FROM` of its
length, as its quality comes late and by leaps.
"""

import math

import torch

from ganvae.comparison.summary import Spread
from ganvae.core import imageset
from ganvae.judging import classifier
from ganvae.metrics.sharpness import mean_laplacian_variance, sharpness
from ganvae.models.base.contract import posterior, to_images
from ganvae.papers.ghosh2020.codes import Codes
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, if_true, written
from ganvae.papers.shared.results import Result, Results, of_seeds
from ganvae.papers.shared.rules import (
    NOISY,
    above,
    agreed,
    every,
    larger,
    opposite,
    reached,
    settled,
    unless_short,
)

LOOKS = ("fid_classifier", "precision", "sharpness", "image_entropy")
READ_AS_ITSELF = 0.9  # of the reconstructions, to call them "similar to the original digits"
READ_FROM = 0.05  # of the paper's length, for a GAN in an order
FOUND = 0.9  # of InfoGAN's images that fit one class per code, to call the codes disentangled
RECONSTRUCTED = 2000  # test images


def more_real(left: Result, right: Result) -> bool | None:
    """Whether `left` looks more real than `right`, as this file's docstring defines it."""
    return agreed(
        [
            larger(right.metric("fid_classifier"), left.metric("fid_classifier")),
            None
            if left.all_collapsed or right.all_collapsed
            else larger(left.metric("precision"), right.metric("precision")),
        ]
    )


def ordered(left: Result, right: Result) -> bool:
    """Whether longer training would hardly turn the order of two systems around."""
    gans = [result for result in (left, right) if result.system.model != "vae"]
    return reached(gans, READ_FROM) and settled(left, right)


def described(result: Result, metrics: tuple[str, ...] = LOOKS) -> str:
    """A system's metrics in words."""
    short = {"fid_classifier": "FID", "image_entropy": "image entropy (nats)"}
    values = [f"{short.get(m, m)} {written(result.metric(m))}" for m in metrics]
    return f"{result.system.model.upper()}: " + ", ".join(values)


def looks(results: Results) -> list[Finding]:
    """Section 5: which of each pair looks more real, and question 2, 3 and 4 of the comparison."""
    plain = results["vanilla_vae"], results["vanilla_gan"]
    deep = results["gan"], results["vae"]
    first, second = (more_real(*pair) if ordered(*pair) else None for pair in (plain, deep))
    turned = every([first, second])
    judged = "judged by FID and precision; sharpness and image entropy do not vote"
    return [
        Finding(
            "fully connected: the VAE's images look more real than the GAN's (section 5)",
            plain, "VAE", "; ".join(map(described, plain)), if_true(first), judged,
        ),
        Finding(
            "convolutional: the GAN's images look more real than the VAE's (section 5, Fig. 6)",
            deep, "GAN", "; ".join(map(described, deep)), if_true(second), judged,
        ),
        _crisper("convolutional: the GAN's images are crisper (section 5)", *deep),
        _crisper("fully connected: whose images are crisper", *plain[::-1]),
        Finding(
            "convolution turns the order of VAE and GAN around (section 5)",
            [*plain, *deep], "VAE before it, GAN after it",
            f"fully connected: {_winner(first, 'VAE', 'GAN')}; "
            f"convolutional: {_winner(second, 'GAN', 'VAE')}",
            if_true(turned), judged, question=4,
        ),
        *(_time(kind, *pair) for kind, pair in (("fully connected", plain[::-1]),
                                               ("convolutional", deep))),
    ]  # fmt: skip


def _winner(left: bool | None, name: str, other: str) -> str:
    return "cannot tell" if left is None else name if left else other


def _crisper(claim: str, gan: Result, vae: Result) -> Finding:
    """Sharper than the VAE's, unless it is noise that is sharp."""
    sharp = [result.metric("sharpness") for result in (gan, vae)]
    noise = sharp[0] is None or sharp[0].mean > NOISY
    claimed = "section" in claim
    found = unless_short(None if noise else larger(*sharp), [gan, vae])
    return Finding(
        claim, [gan, vae], "GAN" if claimed else "not said",
        "; ".join(described(r, ("sharpness",)) for r in (gan, vae)),
        if_true(found) if claimed else "no claim",
        f"sharpness of real images is 1; above {NOISY} it is noise", 2,
    )  # fmt: skip


def _time(kind: str, gan: Result, vae: Result) -> Finding:
    """Question 3: seconds to the FID that both reach."""
    return Finding(
        f"{kind}: time to the same quality", [gan, vae], "not said",
        courses.time_to_quality(gan, vae), "no claim", "FID of snapshots of 2,000 images", 3,
    )  # fmt: skip


def reconstructed(results: Results, judge: classifier.Classifier) -> list[Finding]:
    """Section 5 on Fig. 5: reconstructions keep the digit and lack quality."""
    found = []
    for name, kind in (("vanilla_vae", "fully connected"), ("vae", "convolutional")):
        result = results[name]
        read, sharp = _reconstructions(result, judge)
        kept = None if read is None else read.mean >= READ_AS_ITSELF
        blurred = opposite(above(sharp, 1.0))
        mse = written(result.metric("reconstruction_mse"), 4)
        found += [
            Finding(
                f"{kind} VAE: reconstructions are similar to the original digits (section 5)",
                [result], "similar",
                f"{written(read)} are read as the digit that they show; MSE {mse} per pixel",
                if_true(unless_short(kept, [result])),
                f"similar: at least {READ_AS_ITSELF:g} of {RECONSTRUCTED:,} test images",
            ),
            Finding(
                f"{kind} VAE: but their quality needs to be improved (section 5)",
                [result], "lacking", f"sharpness {written(sharp)}, of the originals 1",
                if_true(unless_short(blurred, [result])), "lacking: less sharp than the originals",
            ),
        ]  # fmt: skip
    return found


@torch.no_grad()
def _reconstructions(
    result: Result, judge: classifier.Classifier
) -> tuple[Spread | None, Spread | None]:
    """By seed: share of the reconstructions read as their original's class; mean sharpness."""
    images, labels = imageset.load(result.system.data / "processed" / "test.safetensors")
    step = max(1, len(images) // RECONSTRUCTED)  # the file is sorted
    images, labels = images[::step], labels[::step]
    real = mean_laplacian_variance(images)
    read, sharp = {}, {}
    for seed in result.seeds:
        networks = result.networks(seed)
        mean, _ = posterior(networks["encoder"](images))
        back = to_images(networks["decoder"](mean))
        _, probabilities = classifier.classify(judge, back)
        read[seed] = float((probabilities.argmax(dim=1) == labels).float().mean())
        sharp[seed] = float(sharpness(back, real).mean())
    return of_seeds(read), of_seeds(sharp)


def saturating(code: Result, equations: Result) -> Finding:
    """Its code's loss beside that of its equations 1, 2 and 7."""
    return Finding(
        "the saturating loss of eq. 2 beside the non-saturating one of the code",
        [code, equations], "both in the text, not compared",
        f"non-saturating {described(code)}; saturating {described(equations)}; "
        f"collapsed seeds {code.collapsed} and {equations.collapsed}", "no claim",
    )  # fmt: skip


def named(results: Results, conditional: Codes, info: Codes) -> list[Finding]:
    """The introduction on conditional GAN and InfoGAN."""
    slower = results["gan_slower"]
    fits = info.assignment
    found = None if fits is None else fits.mean >= FOUND
    rho = info.correlations()
    strongest = [f"{n} {rho[n].abs().max():.2f}" for n in ("slant", "width") if len(rho)]
    return [
        *(_better(results[name], slower, title) for name, title in
          (("cgan", "conditional GAN"), ("infogan", "InfoGAN"))),
        Finding(
            "conditional GAN: images are of the class asked for",
            [results["cgan"]], "no number",
            f"{written(conditional.agreement)} are read as asked", "no claim",
        ),
        Finding(
            "InfoGAN gives a disentangled representation of features (section 1)",
            [results["infogan"]], "disentangled",
            f"{written(fits)} fit the best one-to-one assignment of classes to codes, "
            f"mutual information {written(info.mutual_information)} of {math.log(10):.3f} nats; "
            f"strongest rank correlation of a continuous code: {', '.join(strongest) or 'none'}",
            if_true(unless_short(found, [results["infogan"]])),
            f"disentangled: at least {FOUND:g} fit",
        ),
    ]  # fmt: skip


def _better(result: Result, gan: Result, title: str) -> Finding:
    """ "improved the quality of generated images than the original GAN", by FID at equal length."""
    lengths = [r.timeline(s)["images_seen"].iloc[-1] for r in (result, gan) for s in r.seeds]
    images = min(lengths, default=1)
    new, old = (courses.fid_at(r, images=images) for r in (result, gan))
    return Finding(
        f"{title}: better performance than the original GAN (section 1)",
        [result, gan], "better",
        f"FID after {images:,.0f} images: {written(new, 1)}, GAN {written(old, 1)}; "
        f"at the end {written(result.metric('fid_classifier'), 1)} and "
        f"{written(gan.metric('fid_classifier'), 1)}",
        if_true(larger(old, new) if ordered(result, gan) else None),
        "judged by FID of snapshots after equally many training images",
    )  # fmt: skip
