"""Runs one experiment of a paper: `python -m stages.experiment <experiment>`.

Reads the block `experiments.<experiment>` of papers/params.yaml and the images and the classifier
of its data; writes papers/data/<paper>/<experiment>/, whole or not at all. The block of a map is
`maps.<experiment>`, and its table goes to papers/<paper>/maps/<experiment>/.
"""

from pathlib import Path

from ganvae.core import machine, storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.errors import parameters_of, run
from ganvae.experiments.shared import experiment
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments


def main() -> None:
    (name,) = arguments(__file__, __doc__, "<experiment>")
    found, module, params = experiment.read(name)
    machine.use_one_thread()
    folder = experiment.folder(found, name)
    with storage.whole_folder(folder) as written:
        code = edits.sources(Path(__file__), Path(str(module.__file__)))
        about = parameters_of(PAPERS_FILE, f"experiment {name}: ")
        images = [found.root, PAPERS / "data" / "mnist" / "processed"]
        with edits.unedited([*code, PAPERS_FILE, *images]), about:
            module.run(params, written, found.root)
    files = ", ".join(sorted(path.name for path in folder.iterdir()))
    print(f"{folder}: {files}")


if __name__ == "__main__":
    run(main)
