"""What mi2018 says of how its models' images look (sections 3.3, 4.1), by metrics, and CelebA."""

from ganvae.comparison.summary import Spread
from ganvae.papers.mi2018.claims import OTHERS, final, updates
from ganvae.papers.shared.courses import fid_at
from ganvae.papers.shared.findings import Finding, if_true, written
from ganvae.papers.shared.results import Result, Results
from ganvae.papers.shared.rules import NOISY, every, larger, unless_short

SIMILAR = 0.1  # share of the larger one by which two means may differ
FOUR = (*OTHERS, "vaegan")


def findings(results: Results) -> list[Finding]:
    """The rows of sections 3.3 and 4.1, and of the figures on CelebA."""
    fid = {name: results[name].metric("fid_classifier") for name in FOUR}
    precise = {name: results[name].metric("precision") for name in FOUR}
    used = [results[name] for name in FOUR]
    distances = ", ".join(f"{name} {written(value, 1)}" for name, value in fid.items())
    shares = ", ".join(f"{name} {written(value)}" for name, value in precise.items())
    best = every(larger(fid[name], fid["vaegan"]) for name in OTHERS)
    highest = every(larger(precise["gan"], precise[name]) for name in ("wgan", "vae", "vaegan"))
    pair = [results["vaegan"], results["wgan"]]
    return [
        _blurry(results),
        Finding(
            "the VAE-GAN looks best (section 3.3)", used, "VAE-GAN best", f"FID {distances}",
            if_true(final(best, results["vaegan"], [results[name] for name in OTHERS])),
            "FID instead of eyes",
        ),
        Finding(
            "the GAN's images have the highest quality (section 4.1)", used, "GAN best",
            f"precision {shares}",
            if_true(final(highest, results["gan"], used[1:])),
            "precision instead of eyes: it does not punish the collapse that the text names too",
        ),
        Finding(
            "the VAE-GAN's samples are similar to the WGAN's (section 4.1)", pair, "similar",
            f"FID {distances}; precision {shares}",
            if_true(
                final(
                    every([similar(fid["vaegan"], fid["wgan"]),
                           similar(precise["vaegan"], precise["wgan"])]), pair[0], pair[1:],
                )
            ),
            f"similar: FID and precision within {SIMILAR:.0%}",
        ),
        _powerful(results["wgan_convolutional"], results["wgan"]),
        Finding(
            "CelebA: samples of both VAE-GANs after 25 epochs (section 4.2, Fig. 7c and d)", [],
            "images alone, not converged", "not trained: the data set has to be had first",
            "no claim", "see docs/celeba.md",
        ),
    ]  # fmt: skip


def similar(left: Spread | None, right: Spread | None) -> bool | None:
    """Whether two means differ by `SIMILAR` of the larger one at most."""
    if left is None or right is None:
        return None
    return abs(left.mean - right.mean) <= SIMILAR * max(left.mean, right.mean)


def _blurry(results: Results) -> Finding:
    sharp = {name: results[name].metric("sharpness") for name in FOUR}
    vae = sharp["vae"]
    votes = [None if vae is None else vae.mean < 1]
    for name in ("gan", "wgan"):
        value = sharp[name]
        noise = value is None or value.mean > NOISY
        votes.append(None if noise else larger(value, vae))
    used = [results[name] for name in FOUR]
    return Finding(
        "the VAE's images are blurry (section 3.3)", used, "blurry",
        "sharpness " + ", ".join(f"{name} {written(value)}" for name, value in sharp.items()),
        if_true(unless_short(every(votes), used)),
        f"sharpness instead of eyes: VAE below GAN, WGAN and 1, those not above {NOISY} (noise)", 2,
    )  # fmt: skip


def _powerful(deeper: Result, wgan: Result) -> Finding:
    """Convolutional and fully connected WGAN after equally many images."""
    images = [result.timeline(s)["images_seen"].iloc[-1] for result in (deeper, wgan)
              for s in result.seeds]  # fmt: skip
    late, early = (fid_at(result, images=min(images, default=1)) for result in (deeper, wgan))
    return Finding(
        "the WGAN's poor images come from networks that are not powerful enough (section 5)",
        [deeper, wgan], "networks blamed",
        f"FID of the convolutional one {written(late, 1)} after {updates(deeper):,.0f} generator "
        f"updates, of the other then {written(early, 1)}",
        if_true(final(larger(early, late), deeper, [wgan])), "snapshots of 2,000 images",
    )  # fmt: skip
