"""Which edits are comments and which are not."""

import pytest

from ganvae.tools.syntax import same_program

SOURCE = '''"""A module."""


def half(x: float) -> float:
    """Half of x."""
    return x / 2  # exact
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A module.", "Another sentence."),
        ("Half of x.", "Half."),
        ('    """Half of x."""\n', ""),
        ("  # exact", ""),
        ("\n\n\n", "\n"),
        ("x / 2", "(x / 2)"),
    ],
)
def test_comments_and_layout_change_nothing(old: str, new: str) -> None:
    assert same_program(SOURCE, SOURCE.replace(old, new))
    assert SOURCE.replace(old, new) != SOURCE


@pytest.mark.parametrize(
    ("old", "new"),
    [("x / 2", "x / 3"), ("x: float", "y: float"), ("return x / 2", "x / 2"), ("half", "whole")],
)
def test_everything_else_does(old: str, new: str) -> None:
    assert not same_program(SOURCE, SOURCE.replace(old, new))


def test_a_string_that_is_no_docstring_counts() -> None:
    assert not same_program('x = 1\n"""a"""\nf()', 'x = 1\n"""b"""\nf()')
