"""MNIST beside FashionMNIST: which order of the models holds on both, and what FID says of blur.

The text has GAN and VAE alone, attributed to Wu & Goodman.
"""

from ganvae.comparison.summary import Spread
from ganvae.papers.comparing import above, larger
from ganvae.papers.findings import Finding, every, if_true, written
from ganvae.papers.parakatta2023_sets import MODELS, Scores, Sets, order, order_changes, tau, turned
from ganvae.papers.results import Result, Results

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
    sharper = above(value, 1.0)
    return None if sharper is None else not sharper


def described(scores: Scores, metric: str, models: tuple[str, ...] = ("gan", "vae")) -> str:
    """A metric of some models in words."""
    digits = 2 if metric.startswith("fid") else 3
    return ", ".join(f"{m.upper()} {written(scores[metric][m], digits)}" for m in models)


def findings(results: Results, sets: Sets) -> list[Finding]:
    """The section "Similarities", and the VAE's blur of "Application of Variational Autoencoders".

    The section's contradiction is left as it is: a blurrier VAE with the better FID.
    """
    pair = [results["gan"], results["vae"]]
    fashion = [results["fashion_gan"], results["fashion_vae"]]
    five = [results[f"fashion_{model}"] for model in MODELS]
    fid = "fid_classifier"
    better = larger(sets.mnist[fid]["vae"], sets.mnist[fid]["gan"])
    turned_better = larger(sets.fashion[fid]["gan"], sets.fashion[fid]["vae"])
    value, p = tau(sets)
    own = ", ".join(f"{r.system.model.upper()} {written(r.metric(fid), 2)}" for r in pair)
    return [
        Finding(
            "MNIST: VAE and GAN produce images of similar quality (Similarities)", pair, "similar",
            f"precision: {described(sets.mnist, 'precision')}; "
            f"sharpness: {described(sets.mnist, 'sharpness')}", if_true(similar(sets.mnist)),
            f"{MAIN}; similar: within {SIMILAR:g} in both",
        ),
        Finding(
            "MNIST: the GAN has the better FID than the VAE (Similarities)", pair, "GAN",
            f"FID {described(sets.mnist, fid)}; this paper's own seeds: {own}",
            if_true(better), f"{MAIN}; FID on the classifier's features",
        ),
        Finding(
            "FashionMNIST: the VAE has the better FID than the GAN (Similarities)", fashion, "VAE",
            f"FID {described(sets.fashion, fid)}", if_true(turned_better),
            "FID on the classifier's features",
        ),
        Finding(
            "CIFAR10 and CelebA: the VAE has the better FID than the GAN (Similarities)", [], "VAE",
            "not trained", "cannot tell", "no systems: neither set is one of 28 x 28 grey images",
        ),
        Finding(
            "the order of VAE and GAN by FID turns from MNIST to FashionMNIST (Similarities)",
            [*pair, *fashion], "GAN before VAE, then VAE before GAN",
            f"better on MNIST: {_best(better, 'GAN', 'VAE')}, on FashionMNIST: "
            f"{_best(turned_better, 'VAE', 'GAN')}", if_true(every([better, turned_better])), MAIN,
            question=6,
        ),
        Finding(
            "the order of all five models by FID is another on FashionMNIST", five, "no number",
            f"MNIST {_order(sets.mnist)}; FashionMNIST {_order(sets.fashion)}; Kendall's tau "
            f"{value:.2f} (p = {p:.2f}); pairs turned around: {_pairs(turned(sets))}",
            if_true(order_changes(sets)), MAIN, question=6,
        ),
        *(_blur(name, scores, pair if name == "MNIST" else fashion)
          for name, scores in sets.named().items()),
        *(_blurry(name, scores, pair[1] if name == "MNIST" else fashion[1])
          for name, scores in sets.named().items()),
    ]  # fmt: skip


def _blur(name: str, scores: Scores, systems: list[Result]) -> Finding:
    return Finding(
        f"{name}: a higher FID indicates blurriness, of VAE and GAN (Similarities)",
        systems, "the VAE, blurry, has the higher FID",
        f"FID {described(scores, 'fid_classifier')}; sharpness {described(scores, 'sharpness')}",
        if_true(blur_raises_fid(scores)),
        "holds where the less sharp of the two has the higher FID" +
        (f"; {MAIN}" if name == "MNIST" else ""), question=2,
    )  # fmt: skip


def _blurry(name: str, scores: Scores, vae: Result) -> Finding:
    value = scores["sharpness"]["vae"]
    return Finding(
        f"{name}: the VAE's samples are blurry (Application of Variational Autoencoders)",
        [vae], "can exhibit blurriness", f"sharpness {written(value)}, of real images 1",
        if_true(blurry(value)), MAIN if name == "MNIST" else "", question=2,
    )  # fmt: skip


def _best(first: bool | None, name: str, other: str) -> str:
    return "cannot tell" if first is None else name if first else other


def _order(scores: Scores) -> str:
    return " < ".join(model.upper() for model in order(scores))


def _pairs(found: list[tuple[str, str]]) -> str:
    return ", ".join(f"{a.upper()} and {b.upper()}" for a, b in found) or "none"
