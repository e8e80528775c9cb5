"""What of battineedi2023 no rule says: whether all of its variants work."""

from ganvae.papers.shared.evidence import Evidence, Told


def adapts(evidence: Evidence) -> Told:
    """Two trainings that diverged refute it at any length, all else is told at the published one.

    A variant is one training of many, so that variants count here as seeds do elsewhere.
    """
    systems = evidence.claim.systems
    ends = {s: [evidence.value(f"{s}.{end}") for end in ("diverged", "collapsed")] for s in systems}
    counts = {
        system: [round(sum(value.seeds.values())) if value else 0 for value in found]
        for system, found in ends.items()
    }
    broken = {system: found for system, found in counts.items() if any(found)}
    listed = ", ".join(f"{name} ({a}, {b})" for name, (a, b) in broken.items()) or "none"
    text = f"variants with seeds (diverged, collapsed): {listed}"
    diverged, length = sum(found[0] for found in broken.values()), evidence.lengths(systems)
    if diverged > 1:
        return Told(False, text=text)
    if length < 1:
        return Told(None, f"{length:g} of the length", text)
    return Told(not broken, text=text) if len(broken) != 1 else Told(None, "one seed", text)


FUNCTIONS = {"adapts": adapts}
