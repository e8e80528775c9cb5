"""Measures one trained model.

`python -m stages.evaluate <model>` reads the folders weights, snapshots and status of
data/models/<model>/, data/classifier/, data/processed/, and the blocks `networks`,
`models.<model>`, `evaluate` and `train.seeds` of params.yaml; it writes everything measured to
data/evaluation/<model>/ and the headline means to metrics/<model>.json. With a papers' file of
parameters as second argument, `<model>` is one of its systems, see `ganvae.models.base.systems`.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganvae.core import machine, storage
from ganvae.core.config import PARAMS_FILE
from ganvae.errors import parameters_of, run
from ganvae.evaluation import parts
from ganvae.evaluation.evaluate import evaluate, headline
from ganvae.evaluation.status import read_statuses
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.judging.judged import write_results
from ganvae.models.base import build, systems
from ganvae.models.base.systems import System


def main() -> None:
    """Entry point: `python -m stages.evaluate <model> [<file of parameters>]`."""
    name, *given = arguments(__file__, __doc__, "<model|system>", "[<file of parameters>]")
    file = Path(given[0]) if given else PARAMS_FILE
    system = systems.read(name, file)
    with parameters_of(file):
        _measure(system)


def _measure(system: System) -> None:
    statuses = read_statuses(system)
    machine.use_one_thread()
    networks = system.networks
    build.check_fit(system.model, networks)
    code = edits.sources(Path(__file__), *edits.of_model(system.model, networks.architecture))
    with edits.unedited([*code, system.file, *_read(system)]):
        bench = parts.read_bench(system, system.data)
        details, arrays = evaluate(bench, system, statuses, progress=sys.stderr.isatty())
    means = headline(details["seeds"])
    write_results(system.evaluated, details, arrays)
    storage.write_json(system.metrics, means)
    print(f"{system.name}: {_told(details['seeds'], means)}; all numbers: {system.metrics}")


def _read(system: System) -> list[Path]:
    """The data that DVC records as what the result was made of."""
    kinds = [system.folder / kind for kind in ("weights", "snapshots", "status")]
    return [*kinds, system.data / "processed", system.data / "classifier"]


def _told(entries: Mapping[str, Any], means: Mapping[str, float]) -> str:
    """What a person wants to know at once."""
    if not means["seeds_finished"]:
        return "every seed diverged"
    finished = [seed for seed, entry in entries.items() if entry["state"] == "finished"]
    collapsed = [seed for seed in finished if entries[seed]["collapsed"]]
    told = f"FID {means['fid_classifier']:.4g}, mean of {len(finished)} of {len(entries)} seeds"
    return f"{told}, collapsed: seed {', '.join(collapsed)}" if collapsed else told


if __name__ == "__main__":
    run(main)
