"""What of tikayyolla2020 no rule says: nothing."""

from collections.abc import Callable, Mapping

from ganvae.papers.shared.evidence import Evidence, Told

FUNCTIONS: Mapping[str, Callable[[Evidence], Told]] = {}
