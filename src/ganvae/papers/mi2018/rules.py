"""What of mi2018 no rule says: its maps over lambda and d, whose cells are a family each."""

from ganvae.comparison.differences import Pair
from ganvae.comparison.summary import Spread
from ganvae.papers.shared.evidence import Evidence, Told, decide
from ganvae.papers.shared.verdicts import written

Cells = dict[tuple[str, str, float, float], dict[str, Spread]]  # hinge, l_gan_on, lambda, d


def cells(evidence: Evidence, name: str) -> Cells:
    """The cells of a map with a finished seed: `fid_classifier`, `active_share`, `collapsed`."""
    found: Cells = {}
    for (system, quantity), value in evidence.values.items():
        if system == name and not quantity.startswith("diverged"):
            measured, _, at = quantity.partition("@")
            hinge, on, lam, d = at.split(",")
            found.setdefault((hinge, on, float(lam), float(d)), {})[measured] = value
    return found


def where_it_helps(evidence: Evidence) -> Told:
    """For each lambda the d above 0 by which FID is told lower than without the constraint.

    d = 0 is no constraint but a VAE-GAN of weight lambda. Where it never was active, the model was
    a VAE and the constraint did nothing.
    """
    (name,) = evidence.claim.systems
    found = cells(evidence, name)
    pairs: dict[str, Pair] = {}
    for (hinge, on, lam, d), cell in found.items():
        free = found.get((hinge, on, lam, 0.0))
        sides = [list(c["fid_classifier"].seeds.values()) for c in (free, cell) if c]
        is_active = max(cell["active_share"].seeds.values()) > 0
        if d > 0 and is_active and len(sides) == 2 and min(map(len, sides)) > 1:
            pairs[f"lambda {lam:g} d {d:g}"] = (sides[0], sides[1])
    signs = decide(pairs)
    better, worse = ([cell for cell in pairs if signs[cell] == sign] for sign in (1, -1))
    text = f"told lower for {', '.join(better) or 'none'}, higher for {', '.join(worse) or 'none'}"
    seeds = max((len(cell["fid_classifier"].seeds) for cell in found.values()), default=0)
    whole = {k: c for k, c in found.items() if len(c["fid_classifier"].seeds) == seeds}
    if whole:
        lowest = min(whole, key=lambda key: whole[key]["fid_classifier"].mean)
        cell = whole[lowest]
        text += (
            f"; lowest of all {written('fid_classifier', cell['fid_classifier'])} at lambda "
            f"{lowest[2]:g}, d {lowest[3]:g} (active in {cell['active_share'].mean:.2f})"
        )
    lost = sum(sum(cell["collapsed"].seeds.values()) for cell in found.values())
    return Told(None, text=f"FID beside d = 0 at the same lambda: {text}; {lost:.0f} collapsed")


def options(evidence: Evidence) -> Told:
    """The hinge per image and L_gan on reconstructions beside the text as read."""
    (name,) = evidence.claim.systems
    words = [
        f"{hinge}, {on}, lambda {lam:g}, d {d:g}: FID "
        f"{written('fid_classifier', cell['fid_classifier'])}, "
        f"active {cell['active_share'].mean:.2f}"
        for (hinge, on, lam, d), cell in cells(evidence, name).items()
    ]
    return Told(None, text="; ".join(words))


FUNCTIONS = {"where_it_helps": where_it_helps, "options": options}
