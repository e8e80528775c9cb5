"""Measures one system of a paper: `python -m stages.evaluate_system <system>`.

Reads what `stages.train_system` wrote, and the images and the classifier of the system's data;
writes data/papers/<paper>/<system>/evaluated/, in the form of data/evaluation/<model>/, and the
headline means to papers/metrics/<system>.json.
"""

import sys
from pathlib import Path

from ganvae import edits, evaluation, generated, parts, runtime, storage, systems, trained
from ganvae.errors import UserError, run
from ganvae.model import check_fit


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("usage: python -m stages.evaluate_system <system>")
    name = sys.argv[1]
    system, values = systems.read(name)
    folder = systems.folder(system, name)
    statuses = trained.read_statuses(folder / "trained", values["train"]["seeds"])
    runtime.use_one_thread()
    check_fit(system.model, system.architecture)
    code = edits.sources(Path(__file__), *edits.of_model(system.model, system.architecture))
    with edits.unedited([*code, systems.FILE]):
        bench = parts.read_bench(system.model, values, system.root)
        details, arrays = generated.evaluate(
            bench, folder / "trained", statuses, progress=sys.stderr.isatty()
        )
    means = generated.headline(details["seeds"])
    evaluation.write_results(folder / "evaluated", details, arrays)
    storage.write_json(Path("papers/metrics") / f"{name}.json", means)
    print(f"{name}: " + ", ".join(f"{key} {value:.6g}" for key, value in means.items()))


if __name__ == "__main__":
    run(main)
