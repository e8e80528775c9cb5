"""The aligned images of CelebA, cropped and made smaller: `python -m stages.celeba_data`.

Reads the block `data` of papers/celeba/params.yaml and the folder that it names; writes
papers/data/celeba/processed/{train,test}.npy, uint8 [N, 3, 64, 64] each. Relative paths count from
the repository's root.
"""

from pathlib import Path

from tqdm import tqdm

from ganvae.celeba import images
from ganvae.core import config, storage
from ganvae.core.storage import repository
from ganvae.errors import ParameterError, UserError, parameters_of, run
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments

FILE = Path("papers/celeba/params.yaml")
PROCESSED = Path("papers/data/celeba/processed")


def main() -> None:
    """Builds the folder aside and renames it: an earlier one stays where an image is bad."""
    arguments(__file__, __doc__)
    folder = _folder()
    parts, how = images.split(folder)
    counts = ", ".join(f"{len(files)} {part}" for part, files in parts.items())
    print(f"{folder}: {counts}: {how}", flush=True)
    read = [*edits.sources(Path(__file__)), FILE]
    with storage.whole_folder(PROCESSED) as built, edits.unedited(read):
        for part, files in parts.items():
            with tqdm(total=len(files), desc=part, unit=" images", disable=None) as bar:
                images.write(files, built / f"{part}.npy", bar.update)


def _folder() -> Path:
    values = config.load(FILE)
    try:
        with parameters_of(FILE):
            asked = config.block(images.FacesParams, values, "data").folder
    except ParameterError as error:
        hint = "data.folder is the path of img_align_celeba, see docs/celeba.md"
        raise UserError(f"{error}; {hint}") from None
    return repository() / Path(asked).expanduser()


if __name__ == "__main__":
    run(main)
