"""What of ghosh2020 no rule says: how often its GANs collapse.

tests/test_theory.py holds what it derives (sections 2 and 5) against the losses.
"""

from ganvae.papers.shared.evidence import Evidence, Told

OFTEN = 0.5  # of the seeds


def often(evidence: Evidence) -> Told:
    """Whether at least `OFTEN` of the seeds of all systems lost classes that they had drawn."""
    found = {system: evidence.value(f"{system}.fell") for system in evidence.claim.systems}
    seeds = [seed for value in found.values() if value for seed in value.seeds.values()]
    if len(seeds) < 2:
        return Told(None, "one seed" if seeds else "not measured")
    return Told(sum(seeds) >= OFTEN * len(seeds))


FUNCTIONS = {"often": often}
