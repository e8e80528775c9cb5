"""The aligned images of CelebA, cropped and made smaller: `python -m stages.celeba_data`.

Reads the block `data` of papers/celeba/params.yaml and the folder that it names; writes
data/papers/celeba/processed/{train,test}.npy, uint8 [N, 3, 64, 64] each. Relative paths count from
DVC's repository (`DVC_ROOT`, where DVC sets it).
"""

import os
import tempfile
from pathlib import Path

from tqdm import tqdm

from ganvae import celeba, config, storage
from ganvae.errors import UserError, run

FILE = Path("papers/celeba/params.yaml")
PROCESSED = Path("data/papers/celeba/processed")
SCRATCH = Path(".cache")  # ignored by git, and on the same file system as data/


def main() -> None:
    """Builds the folder aside and renames it: an earlier one stays where an image is bad."""
    folder = _folder()
    parts, how = celeba.split(folder)
    counts = ", ".join(f"{len(files)} {part}" for part, files in parts.items())
    print(f"{folder}: {counts}: {how}", flush=True)
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH, prefix="celeba-") as scratch:
        built = Path(scratch) / "processed"
        for part, files in parts.items():
            with tqdm(total=len(files), desc=part, unit=" images", disable=None) as bar:
                celeba.write(files, built / f"{part}.npy", bar.update)
        storage.replace_folder(built, PROCESSED)


def _folder() -> Path:
    values = config.load(FILE)
    try:
        asked = config.block(celeba.FacesParams, values, "data").folder
    except UserError as error:
        message = str(error).removeprefix("params.yaml: ")
        raise UserError(
            f"{FILE}: {message}; data.folder is the path of img_align_celeba, see docs/celeba.md"
        ) from None
    return Path(os.environ.get("DVC_ROOT", ".")) / Path(asked).expanduser()


if __name__ == "__main__":
    run(main)
