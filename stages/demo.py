"""The whole pipeline on scikit-learn's 8x8 digits, in `.demo/`: no download, nothing else touched.

Lays `demo.yaml` over `params.yaml`, copies the code, runs `dvc repro` and `dvc plots show` there
and prints the table. Works without git; a second call finds everything up to date.
"""

from pathlib import Path

from ganvae.errors import run
from ganvae.jobs.arguments import arguments
from stages import beside

SAID = """
{tables}

Samples of the five models:  {samples}
All figures, interactive:    {page}  (open it in a browser)
The whole comparison:        {table}
All of it in one page:       {report}

Next: change a number in demo.yaml, such as train.epochs, and run it again: only what it affects
is made again. The study on full MNIST is `make study`; docs/running.md says how runs are compared.
"""


def main() -> None:
    """Entry point: `python -m stages.demo`."""
    arguments(__file__, __doc__)
    folder = beside.lay_out(Path("demo.yaml"))
    beside.call(folder, "dvc", "repro")
    beside.call(folder, "dvc", "plots", "show")
    print(
        SAID.format(
            tables=beside.table(folder),
            samples=folder / "plots/samples.png",
            page=folder / "dvc_plots/index.html",
            table=folder / "metrics/comparison.md",
            report=folder / "reports/report.html",
        )
    )


if __name__ == "__main__":
    run(main)
