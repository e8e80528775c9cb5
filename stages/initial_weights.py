"""One paper's GAN with two kinds of initial weights: `python -m stages.initial_weights <paper>`.

Reads the blocks `initial_weights.<paper>` and `systems` of papers/params.yaml, MNIST's images and
their classifier; writes papers/<paper>/initial_weights/, whole or not at all.
"""

from pathlib import Path

from ganvae.core import config, machine, storage
from ganvae.core.config import PAPERS, PAPERS_FILE
from ganvae.errors import parameters_of, run
from ganvae.figures import style
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.papers import initial_weights


def main() -> None:
    (paper,) = arguments(__file__, __doc__, "<paper>")
    machine.use_one_thread()
    folder = initial_weights.folder(paper)
    code = edits.sources(Path(__file__), Path(str(initial_weights.__file__)))
    data = PAPERS / "data" / "mnist"
    with (
        storage.whole_folder(folder) as written,
        edits.unedited([*code, PAPERS_FILE, data]),
        parameters_of(PAPERS_FILE),
        style.defaults(),
    ):
        everything = config.load(PAPERS_FILE)
        params = config.block(initial_weights.Params, everything, f"initial_weights.{paper}")
        initial_weights.run(params, written)
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


if __name__ == "__main__":
    run(main)
