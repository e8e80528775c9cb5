"""Stage report: everything about the study in one HTML file that can be sent.

Reads what `compare` reads and its figures in `plots/`, the weights of each model's first finished
seed, the judge and the test images; writes `reports/report.html`.
"""

from pathlib import Path

from ganvae.core import config, machine, storage
from ganvae.errors import run
from ganvae.jobs import edits
from ganvae.jobs.arguments import arguments
from ganvae.pages import study

PAGE = Path("reports/report.html")
READ = (
    Path("data/models"),
    Path("data/evaluation"),
    Path("data/classifier"),
    Path("data/processed/test.safetensors"),
    Path("metrics/classifier.json"),
)


def main() -> None:
    arguments(__file__, __doc__)
    machine.use_one_thread()
    code = [*edits.sources(Path(__file__)), *edits.package("models", "networks", "pages")]
    read = [*code, config.PARAMS_FILE, *READ, study.PLOTS]
    with edits.unedited(read):
        text = study.of_folder()
    storage.write_text(PAGE, text)
    print(f"{PAGE}: {len(text.encode()) / 1e6:.1f} MB, to be opened in a browser")


if __name__ == "__main__":
    run(main)
