"""Sums over cited numbers: the formula is shown, and run again wherever the result is believed (law 8)."""

from __future__ import annotations

import ast
import decimal
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from jihwi.errors import FormulaInvalid
from jihwi.evidence.quantities import quantities

__all__ = ["Computation", "compute", "operands_in"]

_CONTEXT = decimal.Context(prec=28, rounding=decimal.ROUND_HALF_EVEN)
_LONGEST = 500
_COUNTABLE = frozenset({"amount", "count", "number", "percent", "duration"})
_UNIT_WORDS = {"KRW": "원", "USD": "달러", "EUR": "유로", "day": "일", "month": "개월", "year": "년", "hour": "시간"}

_OPERATORS: dict[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: _CONTEXT.add,
    ast.Sub: _CONTEXT.subtract,
    ast.Mult: _CONTEXT.multiply,
    ast.Div: _CONTEXT.divide,
}
_FUNCTIONS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "sum": lambda values: sum(values, Decimal(0)),
    "min": min,
    "max": max,
    "abs": lambda values: abs(values[0]),
    "mean": lambda values: _CONTEXT.divide(sum(values, Decimal(0)), Decimal(len(values))),
}


class Computation(msgspec.Struct, frozen=True):
    """What a formula over cited numbers gives."""

    formula: str
    value: str
    """Plain digits."""
    unit: str
    result: str
    """As people write it, with its unit."""


def operands_in(quotations: Sequence[str]) -> list[tuple[Decimal, str]]:
    """The numbers of the quotations in order, with their units: `q1` is the first.

    >>> operands_in(["예산 1억 2천만원", "집행 3,000원"])
    [(Decimal('120000000'), 'KRW'), (Decimal('3000'), 'KRW')]
    """
    return [
        (Decimal(one.value), one.unit)
        for text in quotations
        for one in quantities(text)
        if one.kind in _COUNTABLE and _is_number(one.value)
    ]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def compute(formula: str, quotations: Sequence[str]) -> Computation:
    """Run `formula` over `q1`, `q2` … : + - * /, brackets, sum, min, max, mean, abs. Nothing else is run.

    Adding and subtracting need one unit. Raises FormulaInvalid, saying what is wrong.

    >>> compute("q1 - q2", ["예산은 120,000,000원", "집행은 9천만원"]).result
    '30,000,000원'
    """
    if len(formula) > _LONGEST:
        raise FormulaInvalid(formula[:80], f"longer than {_LONGEST} letters")
    operands = operands_in(quotations)
    try:
        tree = ast.parse(formula, mode="eval")
        value, unit = _Run(formula, operands).of(tree.body)
        shown = _shown(value, unit)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise FormulaInvalid(formula, str(problem)) from problem
    except decimal.DecimalException as problem:
        raise FormulaInvalid(formula, "it divides by nothing, or its result is too large") from problem
    plain = format(value.normalize(_CONTEXT), "f")
    return Computation(formula, plain, unit, shown)


class _Run:
    def __init__(self, formula: str, operands: list[tuple[Decimal, str]]) -> None:
        self._formula = formula
        self._operands = operands

    def of(self, node: ast.expr) -> tuple[Decimal, str]:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return Decimal(str(number)), ""
            case ast.Name(id=name):
                return self._operand(name)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                value, unit = self.of(inner)
                return -value, unit
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._binary(op, self.of(left), self.of(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and args:
                values = [self.of(one) for one in args]
                return _FUNCTIONS[name]([v for v, _ in values]), self._one_unit([u for _, u in values])
        raise FormulaInvalid(self._formula, f"'{ast.unparse(node)}' is not allowed in a formula")

    def _operand(self, name: str) -> tuple[Decimal, str]:
        number = int(name[1:]) if name[:1] == "q" and name[1:].isdigit() else 0
        if not 1 <= number <= len(self._operands):
            raise FormulaInvalid(self._formula, f"there is no '{name}': q1 to q{len(self._operands)} are cited")
        return self._operands[number - 1]

    def _binary(self, op: ast.operator, left: tuple[Decimal, str], right: tuple[Decimal, str]) -> tuple[Decimal, str]:
        value = _OPERATORS[type(op)](left[0], right[0])
        if isinstance(op, ast.Add | ast.Sub):
            return value, self._one_unit([left[1], right[1]])
        if isinstance(op, ast.Div):
            return value, "" if left[1] == right[1] else left[1]
        return value, left[1] or right[1]

    def _one_unit(self, units: list[str]) -> str:
        named = {unit for unit in units if unit}
        if len(named) > 1:
            raise FormulaInvalid(self._formula, f"different units: {', '.join(sorted(named))}")
        return named.pop() if named else ""


def _shown(value: Decimal, unit: str) -> str:
    rounded = value.quantize(Decimal("0.01"), context=_CONTEXT).normalize(_CONTEXT)
    return f"{format(rounded, ',f')}{_UNIT_WORDS.get(unit, unit)}"
