"""Sums over cited numbers: the formula says all, units must agree, and running it again gives the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jihwi.errors import FormulaInvalid
from jihwi.evidence.compute import compute, operands_in

CITED = ["예산은 1억 2천만원이다.", "집행은 90,000,000원이다.", "인원은 30명이다.", "비율은 12.5%이다."]


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("q1 - q2", "30,000,000원"),
        ("q1 + q2", "210,000,000원"),
        ("sum(q1, q2)", "210,000,000원"),
        ("max(q1, q2) - min(q1, q2)", "30,000,000원"),
        ("mean(q1, q2)", "105,000,000원"),
        ("q2 / q1 * 100", "75"),
        ("q1 / q3", "4,000,000원"),
        ("(q1 - q2) * 2", "60,000,000원"),
        ("-q3 + 31", "1명"),
        ("abs(q2 - q1)", "30,000,000원"),
    ],
)
def test_a_formula_over_cited_numbers_gives_its_result(formula: str, result: str) -> None:
    assert compute(formula, CITED).result == result


@pytest.mark.parametrize(
    "formula",
    [
        "q1 + q3", "sum(q1, q3)", "q9", "q0", "q1 / 0", "q1 ** 9", "q1 % 7", "q1 if q2 else q3",
        "__import__('os')", "q1.real",
        "[q1]", "lambda: 1", "q1 == q2", "True", "'a' * 9", "1e999", "open('x')", "sum(*[q1])", "sum()", "", "q1 q2",
        "(" * 300,
        "1" * 600, "q1 @ q2", "q1 // q2", "~q1", "not q1",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(formula: str) -> None:
    with pytest.raises(FormulaInvalid) as refused:
        compute(formula, CITED)
    assert refused.value.words("ko")
    assert refused.value.words("en")


def test_the_operands_are_the_cited_numbers_in_order() -> None:
    assert operands_in(CITED)[:3] == [(Decimal(120_000_000), "KRW"), (Decimal(90_000_000), "KRW"), (Decimal(30), "명")]


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=5), st.sampled_from(["sum", "min", "max", "mean"]))
def test_running_it_again_gives_the_same(amounts: list[int], function: str) -> None:
    cited = [f"금액 {amount:,}원" for amount in amounts]
    formula = f"{function}({', '.join(f'q{n}' for n in range(1, len(amounts) + 1))})"
    once = compute(formula, cited)
    assert compute(formula, cited) == once
    if function == "sum":
        assert once.value == str(sum(amounts))
