"""The rules that judge the papers' claims: each comes out every way, by one standard."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ganvae.comparison.summary import spread
from ganvae.papers.shared import rules, verdicts
from ganvae.papers.shared.claims import Claim
from ganvae.papers.shared.evidence import Evidence, Told, Values, decide

HIGH, LOW = (9.9, 10.0, 10.1), (4.9, 5.0, 5.1)
CLOSE = (9.95, 10.05, 10.2)
Seeds = Mapping[str, Sequence[float]]  # "<system>.<quantity>" -> a value per seed


def values(seeds: Seeds) -> Values:
    found = {}
    for name, numbers in seeds.items():
        system, _, quantity = name.partition(".")
        found[system, quantity] = spread({str(seed): n for seed, n in enumerate(numbers)})
    return found


def told(
    rule: Mapping[str, Any],
    seeds: Seeds,
    number: float | None = None,
    unjudged: frozenset[str] = frozenset(),
) -> Told:
    """What a rule says where its comparisons are all the family."""
    systems = list(dict.fromkeys(name.partition(".")[0] for name in seeds))
    claim = Claim(id="a", claim="a", number=number, published="a", systems=systems, rule={**rule})
    evidence = Evidence(values(seeds), claim, unjudged=unjudged)
    rules.apply(rule, evidence)
    return rules.apply(rule, replace(evidence, decided=decide(evidence.asked)))


def holds(rule: Mapping[str, Any], number: float | None = None, **seeds: Sequence[float]) -> Any:
    """The same of quantities written `<system>_<quantity>`."""
    return told(rule, {name.replace("_", ".", 1): of for name, of in seeds.items()}, number).holds


LARGER = {"larger": {"left": "a.x", "right": "b.x"}}


def test_two_sets_of_seeds_are_told_apart_by_their_spread() -> None:
    assert holds(LARGER, a_x=HIGH, b_x=LOW) is True
    assert holds(LARGER, a_x=LOW, b_x=HIGH) is False
    assert told(LARGER, {"a.x": HIGH, "b.x": CLOSE}) == Told(None, "the seeds do not tell")
    assert holds({"below": {"left": "a.x", "right": "b.x"}}, a_x=LOW, b_x=HIGH) is True


def test_one_seed_decides_nothing_and_what_is_missing_is_named() -> None:
    for seeds in ({"a.x": [100.0], "b.x": LOW}, {"a.x": HIGH, "b.x": [0.0]}):
        assert told(LARGER, seeds) == Told(None, "one seed")
    assert told(LARGER, {"a.x": HIGH}) == Told(None, "not measured: b.x")
    bound = {"larger": {"left": "a.x", "right": 1.0}}
    assert told(bound, {"a.x": [100.0]}) == Told(None, "one seed")
    assert holds(bound, a_x=HIGH) is True
    assert holds({"below": {"left": "a.x", "right": 1.0}}, a_x=HIGH) is False
    assert holds({"reaches": {"quantity": "a.x"}}, 1.0, a_x=HIGH) is True
    assert holds({"every_seed": {"quantity": "a.x", "above": 1.0}}, a_x=[100.0]) is None
    assert holds({"any_seed": {"quantity": "a.x", "above": 1.0}}, a_x=[100.0]) is None


def test_what_two_classifiers_of_one_data_set_measured_is_not_compared() -> None:
    seeds = {"a.x": HIGH, "b.x": LOW, "a.judge@mnist": [0.5]}
    assert told(LARGER, seeds).holds is True, "of b nothing is known"
    assert told(LARGER, {**seeds, "b.judge@fashion_mnist": [0.4]}).holds is True
    assert told(LARGER, {**seeds, "b.judge@mnist": [0.5]}).holds is True
    other = {**seeds, "b.judge@mnist": [0.4]}
    assert told(LARGER, other) == Told(None, "measured by two classifiers")
    assert told({"larger": {"left": "a.x", "right": 1.0}}, other).holds is True
    assert told(LARGER, other, unjudged=frozenset({"x"})).holds is True


def test_what_has_no_spread_needs_no_second_seed() -> None:
    size = {"larger": {"left": "a.parameters", "right": "b.parameters"}}
    assert holds(size, a_parameters=[9.0], b_parameters=[5.0, 5.0]) is True
    assert holds(size, a_parameters=[5.0], b_parameters=[5.0]) is None


def test_all_comparisons_of_a_family_share_the_level() -> None:
    """Told alone, and not among twenty of which the others tell nothing."""
    claims = {
        str(i): Claim(id=str(i), claim="a", published="a", systems=[], rule={
            "larger": {"left": f"a.{i}", "right": f"b.{i}"}})
        for i in range(20)
    }  # fmt: skip
    just = ((1.0, 1.2, 1.4), (0.4, 0.5, 0.7))
    seeds = {f"{s}.{i}": just[k] if i == 0 else HIGH for i in range(20) for k, s in enumerate("ab")}
    alone = verdicts.tell("tikayyolla2020", {"0": claims["0"]}, values(seeds))
    assert alone["0"].verdict == "holds"
    among = verdicts.tell("tikayyolla2020", claims, values(seeds))
    assert (among["0"].verdict, among["0"].reason) == ("cannot tell", "the seeds do not tell")


@pytest.mark.parametrize(
    ("seeds", "expected"), [(HIGH, True), (LOW, False), ((8.0, 10.0, 12.0), None), ([10.0], None)]
)
def test_a_number_is_near_where_its_interval_is(seeds: Any, expected: bool | None) -> None:
    assert holds({"near": {"quantity": "a.x", "tolerance": 1.0}}, 10.0, a_x=seeds) is expected


@pytest.mark.parametrize(
    ("published", "length", "falls", "expected"),
    [
        (10.5, 1.0, True, True),
        (14.0, 1.0, True, False),
        (6.0, 1.0, True, False),
        (10.0, 0.5, True, None),  # it may go on falling
        (6.0, 0.5, True, None),
        (14.0, 0.5, True, False),  # already below
        (14.0, 0.5, False, None),  # it may go on rising
        (6.0, 0.5, False, False),
    ],
)
def test_a_number_comes_to_the_published_one(
    published: float, length: float, falls: bool, expected: bool | None
) -> None:
    rule = {"comes_to": {"quantity": "a.x", "tolerance": 2.0, "falls": falls}}
    assert holds(rule, published, a_x=HIGH, a_length=[length] * 3) is expected


def test_any_reading_that_is_near_is_enough() -> None:
    rule = {"any_reading": {"quantities": ["x", "y", "z"], "tolerance": 1.0}}
    assert holds(rule, 10.0, a_x=LOW, a_y=HIGH) is True
    assert holds(rule, 10.0, a_x=LOW, a_y=LOW) is False
    assert holds(rule, 10.0, a_x=LOW, a_y=[10.0]) is None
    assert told(rule, {"a.other": HIGH}, 10.0) == Told(None, "not measured")


def test_largest_and_smallest_are_told_from_every_other() -> None:
    for rule, good, bad in (("largest", HIGH, LOW), ("smallest", LOW, HIGH)):
        given = {rule: {"quantity": "x", "system": "a", "others": ["b", "c"]}}
        assert holds(given, a_x=good, b_x=bad, c_x=bad) is True
        assert holds(given, a_x=good, b_x=bad, c_x=[v + 0.01 for v in good]) is None
        assert holds(given, a_x=bad, b_x=bad, c_x=good) is False


def test_factors_shares_and_distances() -> None:
    twice = {"at_least": {"left": "a.x", "right": "b.x", "factor": 1.5}}
    assert holds(twice, a_x=HIGH, b_x=LOW) is True
    assert holds(twice, a_x=CLOSE, b_x=HIGH) is False
    similar = {"similar": {"quantity": "x", "pair": ["a", "b"], "share": 0.1}}
    assert holds(similar, a_x=HIGH, b_x=CLOSE) is True
    assert holds(similar, a_x=HIGH, b_x=LOW) is False
    apart = {"differ_at_most": {"quantity": "x", "pair": ["a", "b"], "by": 1.0}}
    assert holds(apart, a_x=HIGH, b_x=CLOSE) is True
    assert holds(apart, a_x=HIGH, b_x=LOW) is False
    assert holds(apart, a_x=HIGH, b_x=(7.0, 10.0, 13.0)) is None
    within = {"mean_within": {"quantity": "a.x", "above": 9.0, "below": 11.0}}
    assert holds(within, a_x=HIGH) is True
    assert holds(within, a_x=LOW) is False


def test_seeds_that_contradict_do_not_tell() -> None:
    rule = {"every_seed": {"quantity": "a.x", "above": 1.0}}
    assert holds(rule, a_x=(2.0, 3.0)) is True
    assert holds(rule, a_x=(0.0, 0.5)) is False
    assert told(rule, {"a.x": (0.0, 2.0)}) == Told(None, "seeds contradict")
    assert holds({"any_seed": {"quantity": "a.x", "above": 1.0}}, a_x=(0.0, 2.0)) is True
    assert holds({"any_seed": {"quantity": "a.x", "above": 1.0}}, a_x=(0.0, 0.0)) is False


YES, NO = LARGER, {"larger": {"left": "b.x", "right": "a.x"}}
OPEN = {"larger": {"left": "a.x", "right": "c.x"}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"all_of": {"rules": [YES, YES]}}, True),
        ({"all_of": {"rules": [YES, OPEN]}}, None),
        ({"all_of": {"rules": [NO, OPEN]}}, False),
        ({"any_of": {"rules": [YES, OPEN]}}, True),
        ({"any_of": {"rules": [NO, OPEN]}}, None),
        ({"any_of": {"rules": [NO, NO]}}, False),
        ({"agreed": {"rules": [YES, OPEN]}}, True),
        ({"agreed": {"rules": [YES, NO]}}, None),
        ({"agreed": {"rules": [OPEN, OPEN]}}, None),
        ({"isnt": {"rule": NO}}, True),
        ({"isnt": {"rule": OPEN}}, None),
        ({"can": {"rule": YES}}, True),
        ({"can": {"rule": NO}}, None),
        ({"given": {"condition": YES, "rule": NO, "otherwise": "?"}}, False),
        ({"given": {"condition": NO, "rule": YES, "otherwise": "?"}}, None),
        ({"given": {"condition": OPEN, "rule": YES, "otherwise": "?"}}, None),
        ({"first_measured": {"rules": [{"below": {"left": "a.y", "right": 1.0}}, YES]}}, True),
        ({"no_claim": {}}, None),
        ({"cannot_tell": {"reason": "not trained"}}, None),
    ],
)
def test_rules_of_rules(rule: Mapping[str, Any], expected: bool | None) -> None:
    assert holds(rule, a_x=HIGH, b_x=LOW, c_x=CLOSE) is expected


def test_before_the_published_length() -> None:
    for length, share, expected in ((1.0, 1.0, (True, False)), (0.5, 1.0, (True, None)),
                                    (0.5, 0.4, (True, False))):  # fmt: skip
        seeds = {"a_x": HIGH, "b_x": LOW, "a_length": [length] * 3, "b_length": [1.0] * 3}
        short = [holds({"unless_short": {"rule": r, "share": share}}, **seeds) for r in (YES, NO)]
        assert tuple(short) == expected
        reached = holds({"if_reached": {"rule": YES, "share": share}}, **seeds)
        assert reached is (True if length >= share else None)
    rule = {"unless_short": {"rule": NO}}
    assert told(rule, {"a.x": HIGH, "b.x": LOW}).reason == "0 of the length"


ENDS = ("snapshot_fid", "half_way_fid", "length")


def test_when_an_order_is_settled() -> None:
    """At a quarter two doublings are left: the worse one could gain twice its last one's gain."""

    def order(end: float, half: float, length: float = 0.25, other: float = 20.0) -> Any:
        courses = {"a": (end, half, length), "b": (other, other, 1.0)}
        seeds: dict[str, Sequence[float]] = {"a.x": HIGH, "b.x": LOW}
        for system, numbers in courses.items():
            for name, number in zip(ENDS, numbers, strict=True):
                seeds[f"{system}.{name}"] = [number] * 3
        return told({"settled": {"rule": LARGER, "system": "a", "others": ["b"]}}, seeds).holds

    assert order(50, 60) is True
    assert order(45, 60) is None
    assert order(45, 60, length=1.0) is True
    assert order(50, 45) is True, "one that gets worse gains nothing"
    assert order(20, 20, other=30.0) is True, "the worse one has had its length"


def test_numbers_in_words() -> None:
    seeds = values({"a.fid_classifier": HIGH, "a.fell": (1, 0, 1), "a.own_number": [1234.5],
                    "a.train_loss@10": [0.001]})  # fmt: skip
    words = verdicts.described(seeds, [".".join(key) for key in [*seeds, ("b", "fell")]])
    assert words == (
        "FID, classifier: a 10.00 ± 0.10; fell: a 2 of 3, b not measured; own number: a 1,234; "
        "train loss (10): a 0.00100"
    )
