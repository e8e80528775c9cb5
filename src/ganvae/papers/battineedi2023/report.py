"""battineedi2023, "CAP6610 Project Report": what of it holds here.

Differs from the text because it gives no network for FID and Inception Score: Inception where its
features were taken (`fid_inception`), and this project's classifier always.
"""

from collections.abc import Mapping

from ganvae.comparison.summary import Spread
from ganvae.core import imageset
from ganvae.papers.battineedi2023 import figures, tables
from ganvae.papers.battineedi2023.tables import READINGS, Errors
from ganvae.papers.shared import courses
from ganvae.papers.shared.findings import Finding, Report, if_true, written
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.rules import (
    NOISY,
    comes_to,
    every,
    larger,
    reached,
    settled,
    unless_short,
)

FID = {"gan": 18.24, "vae": 28.56}  # section 3.8
INCEPTION_SCORE = 2.76  # of the GAN, section 3.8.1
RECONSTRUCTION_ERROR = 0.092  # of the VAE, section 3.8.2, without its unit
# shares of the published value; seeds move a FID by more than a score or a mean over all images
NEAR = {"fid": 0.2, "inception_score": 0.1, "reconstruction_error": 0.1}
CERTAIN = 0.5  # nats; the classifier has read an image whose entropy is below it
READABLE = 0.75  # share of images that it has to read for "recognizably digits"
EPOCHS = (10, 20, 50)  # Figs. 1 and 2
NOT_MEASURED = "not measured: not in evaluate.features"


def report(results: Results) -> Report:
    """Findings, tables and figures of the paper's systems."""
    vae = results["vae"]
    images, labels = imageset.load(vae.system.data / "processed" / "test.safetensors")
    errors = {name: tables.errors(result, images) for name, result in results.items()}
    found = [
        *_distances(results),
        _score(results["gan"]),
        *_reconstruction(vae, errors["vae"]),
        *_looks(results),
        *_costs(results),
        *_customised(results),
    ]
    return Report(
        found,
        {
            "sizes": tables.sizes(results),
            "customised": tables.customised(results, errors),
            "reconstruction_error": tables.reconstruction_error(errors),
        },
        {
            "gan_epochs": figures.gan_epochs(results["gan"], EPOCHS),
            "gan_training": figures.gan_training(results),
            "latent_space": figures.latent_space(vae, images, labels, EPOCHS),
            "vae_samples": figures.vae_samples(vae),
            "customised_samples": figures.customised_samples(results),
            "latent_sizes": figures.latent_sizes(results),
        },
    )


def inception(result: Result, metric: str) -> str:
    """A metric on Inception features in words, also where there is none."""
    value = result.metric(metric)
    return NOT_MEASURED if result.seeds and value is None else written(value, 2)


def _distances(results: Mapping[str, Result]) -> list[Finding]:
    rows = [
        Finding(
            f"FID of the {name.upper()} (section 3.8)", [results[name]], f"{published}",
            f"Inception: {inception(results[name], 'fid_inception')}; "
            f"classifier: {written(results[name].metric('fid_classifier'), 2)}",
            if_true(
                comes_to(
                    results[name].metric("fid_inception"), published, NEAR["fid"] * published,
                    is_reached=reached([results[name]]), falls=True,
                )
            ),
            "the network behind the FID is not given: Inception",
        )
        for name, published in FID.items()
    ]  # fmt: skip
    return [*rows, _lower_fid(results["gan"], results["vae"])]


def _lower_fid(gan: Result, vae: Result) -> Finding:
    """On Inception features where both have them, else on the classifier's."""
    both = [r.metric("fid_inception") for r in (gan, vae)]
    metric = "fid_inception" if all(both) else "fid_classifier"
    left, right = vae.metric(metric), gan.metric(metric)
    return Finding(
        "the GAN's images are more realistic, its FID the lower one (section 3.8)", [gan, vae],
        f"GAN {FID['gan']}, VAE {FID['vae']}",
        f"{metric}: GAN {written(right, 2)}, VAE {written(left, 2)}",
        if_true(larger(left, right) if settled(gan, vae) else None),
        "" if metric == "fid_inception" else "the classifier's features instead of Inception's",
    )  # fmt: skip


def _score(gan: Result) -> Finding:
    value = gan.metric("inception_score_inception")
    own = gan.metric("inception_score_classifier")
    return Finding(
        "Inception Score of the GAN (section 3.8.1)", [gan], f"{INCEPTION_SCORE}",
        f"Inception: {inception(gan, 'inception_score_inception')}; classifier: {written(own, 2)}",
        if_true(
            comes_to(
                value, INCEPTION_SCORE, NEAR["inception_score"] * INCEPTION_SCORE,
                is_reached=reached([gan]), falls=False,
            )
        ),
    )  # fmt: skip


def _reconstruction(vae: Result, errors: Errors) -> list[Finding]:
    """One verdict over all readings of the unit, and a row for every one."""
    published, tolerance = RECONSTRUCTION_ERROR, NEAR["reconstruction_error"]
    of = {title: errors.spread(reading) for reading, title in READINGS.items()}
    votes = [
        comes_to(value, published, tolerance * published, is_reached=reached([vae]), falls=True)
        for value in of.values()
    ]
    known = {title: value.mean for title, value in of.items() if value}
    nearest = min(known, key=lambda title: abs(known[title] - published), default="none")
    condition = True if True in votes else None if None in votes else False
    protocol = "unit not given; test images, by the posterior means"
    return [
        Finding(
            "reconstruction error of the VAE, in some reading of its unit (section 3.8.2)", [vae],
            f"{published}", f"nearest: {nearest}, {written(of.get(nearest), 4)}",
            if_true(condition), protocol,
        ),
        *(
            Finding(
                f"the same, read as {title}", [vae], f"{published}", written(value, 4),
                "no claim", protocol,
            )
            for title, value in of.items()
        ),
    ]  # fmt: skip


def _looks(results: Mapping[str, Result]) -> list[Finding]:
    gan, vae = results["gan"], results["vae"]
    sharp = {"GAN": gan.metric("sharpness"), "VAE": vae.metric("sharpness")}
    rules = [
        larger(sharp["GAN"], sharp["VAE"]),
        sharp["VAE"].mean < 1 if sharp["VAE"] else None,
        sharp["GAN"].mean <= NOISY if sharp["GAN"] else None,
    ]
    blurrier = unless_short(every(rules), [gan, vae])
    read = {"GAN": readable(gan), "VAE": readable(vae)}
    enough = every(share.mean >= READABLE if share else None for share in read.values())
    return [
        Finding(
            "the VAE's images are more blurry and less sharp (section 3.8.2)", [gan, vae],
            "VAE blurrier", "sharpness (real images 1): "
            + ", ".join(f"{name} {written(value)}" for name, value in sharp.items()),
            if_true(blurrier),
            f"sharpness instead of eyes: VAE below GAN and 1, GAN not above {NOISY} (noise)", 2,
        ),
        Finding(
            "both generate images that are recognizably digits (section 3.8)", [gan, vae], "both",
            f"share below {CERTAIN} nats: "
            + ", ".join(f"{name} {written(share)}" for name, share in read.items()),
            if_true(unless_short(enough, [gan, vae])), "a classifier's entropy instead of eyes",
        ),
        Finding(
            "mode collapse is a common issue of GANs (section 3.8.3)", [gan, vae],
            "none reported of its own", "collapsed seeds: "
            + ", ".join(f"{r.name} {r.fell} of {len(r.seeds)}" for r in (gan, vae)),
            "no claim", "", 1,
        ),
    ]  # fmt: skip


def readable(result: Result) -> Spread | None:
    """The share of generated images that the classifier has read."""
    return courses.over_seeds(
        result,
        lambda seed: float((result.arrays[f"image_entropy/{seed}"] < CERTAIN).double().mean()),
    )


def _costs(results: Mapping[str, Result]) -> list[Finding]:
    gan, vae, literal = results["gan"], results["vae"], results["gan_literal"]
    seconds = [courses.seconds_per_epoch(result) for result in (gan, vae)]
    smaller = tables.parameters(vae)
    sizes = [tables.parameters(result) for result in (gan, literal)]
    bigger = {size > smaller for size in sizes if size and smaller}
    return [
        Finding(
            "GANs typically have larger networks than VAEs (section 3.8.3)", [gan, literal, vae],
            "GAN larger",
            "; ".join(f"{r.name} {tables.sizes_in_words(r)}" for r in (gan, literal, vae)),
            if_true(bigger.pop() if len(bigger) == 1 else None), "both readings of the generator",
        ),
        Finding(
            "GANs may require more training time than VAEs (section 3.8.3)", [gan, vae],
            "GAN longer",
            f"seconds per epoch: GAN {written(seconds[0], 1)}, VAE {written(seconds[1], 1)}",
            if_true(larger(*seconds)), "per epoch, since the text trains both for 100", 3,
        ),
        Finding(
            "time to the same quality", [gan, vae], "not said", courses.time_to_quality(gan, vae),
            "no claim", "", 3,
        ),
    ]  # fmt: skip


def _customised(results: Mapping[str, Result]) -> list[Finding]:
    """What every variant gives beside its base, and whether all of them still work."""
    rows, all_variants = [], []
    for base in (results["gan"], results["vae"]):
        variants = [result for result in results.values() if tables.varied(result, base)]
        all_variants += variants
        epoch = min(courses.epochs(result) for result in (base, *variants))
        texts = [
            f"{tables.varied(result, base) or 'as read'} {tables.snapshot_in_words(result, epoch)}"
            for result in (base, *variants)
        ]
        rows.append(
            Finding(
                f"other latent sizes, networks and updates of the {tables.kind(base)} "
                "(section 3.6, Algorithms 1 and 2)",
                [base, *variants], "not given",
                f"classifier-FID of the snapshot nearest to epoch {epoch:.3g}: " + "; ".join(texts),
                "no claim",
            )
        )  # fmt: skip
    return [*rows, _adapts(all_variants)]


def _adapts(variants: list[Result]) -> Finding:
    """A seed that diverged refutes it at any length, all else is told at the published one."""
    broken = [result for result in variants if result.diverged or result.collapsed]
    diverged = any(result.diverged for result in variants)
    text = ", ".join(f"{r.name} ({r.diverged}, {r.collapsed})" for r in broken)
    told = not broken if reached(variants) else None
    return Finding(
        "the models adapt to changes in architecture and latent size (section 3.8)", variants,
        "versatile", f"variants with seeds (diverged, collapsed): {text or 'none'}",
        if_true(False if diverged else told), "adapts: no seed diverges or collapses",
    )  # fmt: skip
