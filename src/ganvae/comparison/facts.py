"""What stands around the comparison's tables: conditions, seeds that went wrong, every seed."""

from collections.abc import Sequence

from ganvae.comparison.columns import column
from ganvae.comparison.measurements import Seed, Study
from ganvae.comparison.summary import settings
from ganvae.comparison.tables import NONE, Part, present, table

Runtime = dict[str, list[str]]


def conditions(study: Study) -> str:
    """Data, networks, protocol, judge and machines."""
    facts = settings(study)
    protocol, params = facts["protocol"], study.params
    seeds = ", ".join(str(seed) for seed in facts["seeds"])
    lines = [
        f"Data `{facts['data']}`, networks `{params['networks']['architecture']}` "
        f"({params['networks']['latent_dim']} latent dimensions), "
        f"{params['train']['epochs']} epochs, seeds {seeds}.",
        f"{protocol['generated_images']:,} generated images per seed against "
        f"{protocol['real_images']:,} real {protocol['real_split']} images; classifier "
        f"`{facts['classifier']['architecture']}`, test accuracy "
        f"{facts['classifier']['test_accuracy']:.4f}, {protocol['feature_width']} features.",
        *_machines(**facts["runtime"]),
    ]
    return "\n".join(lines)


def _machines(training: Runtime, evaluation: Runtime) -> list[str]:
    """What both were done with; of the evaluation only what differs."""
    differs = {key: values for key, values in evaluation.items() if training.get(key) != values}
    verb = "Trained" if differs else "Trained and evaluated"
    said = ((verb, training), ("Evaluated", differs))
    return [f"{verb} with {_listed(found)}." for verb, found in said if found]


def _listed(runtime: Runtime) -> str:
    return "; ".join(f"{key} {', '.join(values)}" for key, values in runtime.items())


def likelihoods(study: Study) -> dict[str, str]:
    """Model with an encoder -> its likelihood."""
    blocks = study.params["models"]
    return {name: b["likelihood"] for name, b in blocks.items() if b and "likelihood" in b}


def unlike(study: Study) -> str:
    """A warning where the encoders' likelihoods differ."""
    used = likelihoods(study)
    if len(set(used.values())) < 2:
        return ""
    each = ", ".join(f"{name} {likelihood}" for name, likelihood in used.items())
    return f"\n-ELBO and reconstruction are not comparable between likelihoods: {each}."


def irregular(study: Study) -> list[Part]:
    """The number of collapsed and diverged seeds, and a list of them."""
    lines = [_regular(seed, model.name) for model in study.models for seed in model.seeds]
    named = [line for line in lines if line]
    collapsed = sum(seed.collapsed for model in study.models for seed in model.finished)
    diverged = sum(not seed.finished for model in study.models for seed in model.seeds)
    total = f"Collapsed seeds: {collapsed}. Diverged seeds: {diverged}, of {len(lines)}."
    return [total, *(["\n".join(f"- {line}" for line in named)] if named else [])]


def _regular(seed: Seed, model: str) -> str:
    if not seed.finished:
        return f"{model}, seed {seed.seed}: diverged in `{seed.update}` at step {seed.step:,}"
    since = "" if seed.collapsed_at is None else f", from step {seed.collapsed_at:,} on"
    return f"{model}, seed {seed.seed}: collapsed{since}" if seed.collapsed else ""


def seeds(study: Study, metrics: Sequence[str]) -> Part:
    """Every seed on a line of its own, with its state and those of the metrics that some have."""
    every = [(model.name, seed) for model in study.models for seed in model.seeds]
    found = present({name for _, seed in every for name in seed.metrics}, metrics)
    lines = [
        [
            f"{name} {seed.seed}",
            "collapsed" if seed.collapsed else seed.state,
            *(
                column(metric).show(seed.metrics[metric]) if metric in seed.metrics else NONE
                for metric in found
            ),
        ]
        for name, seed in every
    ]
    return table(["seed", "state", *(column(metric).head for metric in found)], lines)
