"""Stage `download`: the block `data` of params.yaml -> data/raw/, four decompressed IDX files."""

import tempfile
from pathlib import Path

from ganvae.core import config, storage
from ganvae.data import sources
from ganvae.errors import run

RAW = Path("data/raw")
SCRATCH = Path(".cache")  # ignored by git, and on the same file system as data/


def main() -> None:
    """Builds the folder aside and renames it: what stands in data/raw is always complete."""
    params = config.block(sources.DataParams, config.load(), "data")
    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH, prefix="download-") as scratch:
        built = Path(scratch) / "raw"
        sources.write_raw(params, built)
        storage.replace_folder(built, RAW)
    print(f"{RAW}: {params.name}, four IDX files")


if __name__ == "__main__":
    run(main)
