"""Stage report: everything about the study in one HTML file that can be sent.

Reads what `compare` reads and its figures in `plots/`, the weights of each model's first finished
seed, the judge and the test images; writes `reports/report.html`.
"""

from pathlib import Path

from ganvae.comparison import measurements
from ganvae.core import config, machine, storage
from ganvae.errors import run
from ganvae.pages import explorer, study

PLOTS = Path("plots")
PAGE = Path("reports/report.html")


def main() -> None:
    machine.use_one_thread()
    read = measurements.read(config.load())
    text = study.page(read, PLOTS, explorer.explore(read))
    storage.write_text(PAGE, text)
    print(f"{PAGE}: {len(text.encode()) / 1e6:.1f} MB, to be opened in a browser")


if __name__ == "__main__":
    run(main)
