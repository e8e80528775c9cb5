"""Stage `download`: the block `data` of params.yaml -> data/raw/, four decompressed IDX files."""

from pathlib import Path

from ganvae.core import config, storage
from ganvae.data import sources
from ganvae.errors import run
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments

RAW = Path("data/raw")


def main() -> None:
    """Builds the folder aside and renames it: what stands in data/raw is always complete."""
    arguments(__file__, __doc__)
    read = [*edits.sources(Path(__file__)), config.PARAMS_FILE]
    with storage.whole_folder(RAW) as built, edits.unedited(read):
        params = config.block(sources.DataParams, config.load(), "data")
        sources.write_raw(params, built)
    print(f"{RAW}: {params.name}, four IDX files")


if __name__ == "__main__":
    run(main)
