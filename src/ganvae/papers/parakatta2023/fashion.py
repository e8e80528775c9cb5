"""MNIST beside FashionMNIST: which order of the models holds on both, and what FID says of blur.

The text has GAN and VAE alone, attributed to Wu & Goodman.
"""

from ganvae.comparison.summary import Spread
from ganvae.papers.parakatta2023.sets import METRICS, MODELS, Scores, Sets, order, tau, turned
from ganvae.papers.shared.findings import Finding, Source, if_true, written
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.rules import above, every, larger, opposite

SIMILAR = 0.1  # of precision (0 to 1) and of sharpness (real images: 1)
MAIN = "on MNIST the main pipeline's models"


def blur_raises_fid(scores: Scores) -> bool | None:
    """Whether of VAE and GAN the one with the less sharp images has the higher FID."""
    fid = larger(scores["fid_classifier"]["vae"], scores["fid_classifier"]["gan"])
    blur = larger(scores["sharpness"]["gan"], scores["sharpness"]["vae"])
    return None if fid is None or blur is None else fid == blur


def similar(scores: Scores) -> bool | None:
    """Whether VAE and GAN differ by at most `SIMILAR` in precision and in sharpness."""
    differences = []
    for metric in ("precision", "sharpness"):
        vae, gan = scores[metric]["vae"], scores[metric]["gan"]
        if vae is None or gan is None:
            return None
        differences.append(abs(vae.mean - gan.mean))
    return max(differences) <= SIMILAR


def blurry(value: Spread | None) -> bool | None:
    """Whether images are less sharp than the real ones (1), by a t test over the seeds."""
    return opposite(above(value, 1.0))


def described(scores: Scores, metric: str, models: tuple[str, ...] = ("gan", "vae")) -> str:
    """A metric of some models in words."""
    digits = 2 if metric.startswith("fid") else 3
    return ", ".join(f"{m.upper()} {written(scores[metric][m], digits)}" for m in models)


def findings(results: Results, sets: Sets) -> list[Finding]:
    """The section "Similarities", and the VAE's blur of "Application of Variational Autoencoders".

    The section's contradiction is left as it is: a blurrier VAE with the better FID.
    """
    fashion = [results["fashion_gan"], results["fashion_vae"]]
    fid = "fid_classifier"
    better = larger(sets.mnist[fid]["vae"], sets.mnist[fid]["gan"])
    turned_better = larger(sets.fashion[fid]["gan"], sets.fashion[fid]["vae"])
    own = ", ".join(
        f"{results[name].system.model.upper()} {written(results[name].metric(fid), 2)}"
        for name in ("gan", "vae")
    )
    return [
        Finding(
            "MNIST: VAE and GAN produce images of similar quality (Similarities)", [], "similar",
            _alike(sets.mnist), if_true(similar(sets.mnist)),
            f"similar: within {SIMILAR:g} in both", source=_main(sets),
        ),
        Finding(
            "FashionMNIST: on more complex images both yield different outcomes (Similarities)",
            fashion, "different", _alike(sets.fashion), if_true(opposite(similar(sets.fashion))),
            f"different: not within {SIMILAR:g} in both", 6,
        ),
        Finding(
            "MNIST: the GAN has the better FID than the VAE (Similarities)", [], "GAN",
            f"FID {described(sets.mnist, fid)}; half as long, in this pipeline: {own}",
            if_true(better), "FID on the classifier's features", source=_main(sets),
        ),
        Finding(
            "FashionMNIST: the VAE has the better FID than the GAN (Similarities)", fashion, "VAE",
            f"FID {described(sets.fashion, fid)}", if_true(turned_better),
            "FID on the classifier's features",
        ),
        Finding(
            "CIFAR10 and CelebA: the VAE has the better FID than the GAN (Similarities)", [], "VAE",
            "not trained", "cannot tell", "no GAN or VAE alone is built for either set",
        ),
        Finding(
            "the order of VAE and GAN by FID turns from MNIST to FashionMNIST (Similarities)",
            fashion, "GAN before VAE, then VAE before GAN",
            f"better on MNIST: {_best(better, 'GAN', 'VAE')}, on FashionMNIST: "
            f"{_best(turned_better, 'VAE', 'GAN')}", if_true(every([better, turned_better])), MAIN,
            question=6,
        ),
        *(_orders(results, sets, metric) for metric in METRICS),
        *(_blur(name, scores, fashion, _main(sets) if name == "MNIST" else None)
          for name, scores in sets.named().items()),
        *(_blurry(name, scores, fashion[1], _main(sets) if name == "MNIST" else None)
          for name, scores in sets.named().items()),
    ]  # fmt: skip


def _main(sets: Sets) -> Source:
    """The main pipeline, whose study has MNIST's models."""
    value = sets.mnist["fid_classifier"]["vae"]
    return Source("the main study", len(value.seeds) if value else 0, "its own")


def _alike(scores: Scores) -> str:
    return (
        f"precision: {described(scores, 'precision')}; sharpness: {described(scores, 'sharpness')}"
    )


def _orders(results: Results, sets: Sets, metric: str) -> Finding:
    """Whether a metric's order of all five models is another on the second set."""
    value, p = tau(sets, metric)
    return Finding(
        f"the order of all five models by {metric} is another on FashionMNIST",
        [results[f"fashion_{model}"] for model in MODELS],
        "not said",
        f"MNIST {_order(sets.mnist, metric)}; FashionMNIST {_order(sets.fashion, metric)}; "
        f"Kendall's tau {value:.2f} (p = {p:.2f}); pairs told to be turned around: "
        f"{_pairs(turned(sets, metric))}",
        "no claim", MAIN, 6,
    )  # fmt: skip


def _blur(name: str, scores: Scores, systems: list[Result], main: Source | None) -> Finding:
    return Finding(
        f"{name}: a higher FID indicates blurriness, of VAE and GAN (Similarities)",
        [] if main else systems, "the VAE, blurry, has the higher FID",
        f"FID {described(scores, 'fid_classifier')}; sharpness {described(scores, 'sharpness')}",
        if_true(blur_raises_fid(scores)),
        "the text contradicts itself: its VAE has the better FID on more complex images; holds "
        "where the less sharp of the two has the higher FID", 2, main,
    )  # fmt: skip


def _blurry(name: str, scores: Scores, vae: Result, main: Source | None) -> Finding:
    value = scores["sharpness"]["vae"]
    return Finding(
        f"{name}: the VAE's samples are blurry (Application of Variational Autoencoders)",
        [] if main else [vae], "can exhibit blurriness",
        f"sharpness {written(value)}, of real images 1", if_true(blurry(value)), "", 2, main,
    )  # fmt: skip


def _best(first: bool | None, name: str, other: str) -> str:
    return "cannot tell" if first is None else name if first else other


def _order(scores: Scores, metric: str) -> str:
    return " < ".join(model.upper() for model in order(scores, metric))


def _pairs(found: list[tuple[str, str]]) -> str:
    return ", ".join(f"{a.upper()} and {b.upper()}" for a, b in found) or "none"
