"""One paper's GAN with two kinds of initial weights: `python -m stages.initial_weights <paper>`.

Reads the blocks `initial_weights.<paper>` and `systems` of papers/params.yaml, MNIST's images and
their classifier; writes papers/<paper>/initial_weights/, whole or not at all.
"""

from pathlib import Path

from ganvae.core import machine, storage
from ganvae.core.config import PAPERS_FILE
from ganvae.errors import run
from ganvae.figures import style
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.papers import initial_weights


def main() -> None:
    (paper,) = arguments(__file__, __doc__, "<paper>")
    machine.use_one_thread()
    plans = initial_weights.read(paper)
    system, folder = plans["torch"], initial_weights.folder(paper)
    of_model = edits.of_model(system.model, system.networks.architecture)
    code = edits.sources(Path(__file__), Path(str(initial_weights.__file__)), *of_model)
    with (
        storage.whole_folder(folder) as written,
        edits.unedited([*code, PAPERS_FILE, system.data]),
        style.defaults(),
    ):
        initial_weights.run(plans, written)
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


if __name__ == "__main__":
    run(main)
