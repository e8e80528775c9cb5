"""Measures one model: `python -m stages.evaluate <model>`.

Reads the folders weights, snapshots and status of data/models/<model>/, data/classifier/,
data/processed/, and the blocks `networks`, `models.<model>`, `evaluate` and `train.seeds`; writes
everything measured to data/evaluation/<model>/ and the headline means to metrics/<model>.json.
"""

import sys
from pathlib import Path

from ganvae import config, edits, evaluation, generated, parts, runtime, storage, trained
from ganvae.errors import UserError, run
from ganvae.model import NetworksParams, TrainParams, check_fit, model


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("usage: python -m stages.evaluate <model>")
    name = sys.argv[1]
    model(name)  # refuses an unknown one first
    values = config.load()
    folder = Path("data/models") / name
    statuses = trained.read_statuses(folder, config.block(TrainParams, values, "train").seeds)
    runtime.use_one_thread()
    networks = config.block(NetworksParams, values, "networks")
    check_fit(name, networks.architecture)
    code = edits.sources(Path(__file__), *edits.of_model(name, networks.architecture))
    with edits.unedited([*code, config.PARAMS_FILE]):
        bench = parts.read_bench(name, values)
        details, arrays = generated.evaluate(bench, folder, statuses, progress=sys.stderr.isatty())
    means = generated.headline(details["seeds"])
    evaluation.write_results(Path("data/evaluation") / name, details, arrays)
    storage.write_json(Path("metrics") / f"{name}.json", means)
    print(f"{name}: " + ", ".join(f"{key} {value:.6g}" for key, value in means.items()))


if __name__ == "__main__":
    run(main)
