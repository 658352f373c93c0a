"""An equation of Office (OMML) or of the web and OpenDocument (MathML) as one readable line.

Source: ECMA-376 part 1, 22.1 and MathML 3. Fractions, roots and indices are written on the line, as `hancom.equation`
writes Hancom's: (a+b)/2, √(x), x^2, a_i.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from jihwi.readers.package import local

__all__ = ["equation_text"]

_DEEPEST = 60
_UNSAID = frozenset({"rPr", "ctrlPr", "annotation", "annotation-xml", "mphantom", "phant", "mspace"})
_BRACKETS = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖", "⟨": "⟩"}


def equation_text(element: etree._Element) -> str:
    """The equation on one line.

    >>> from lxml import etree
    >>> equation_text(etree.fromstring("<math><msup><mi>x</mi><mn>2</mn></msup><mo>=</mo><mi>y</mi></math>"))
    'x^2=y'
    """
    return " ".join(_said(element, 0).split())


def _said(element: etree._Element | None, depth: int) -> str:
    if element is None or depth > _DEEPEST:
        return ""
    tag = local(element)
    if tag in _UNSAID or (tag.endswith("Pr") and tag != "groupChrPr"):
        return ""
    if tag in {"t", "mi", "mn", "mo", "mtext", "ms"}:
        return (element.text or "").strip() or (" " if tag == "t" and element.text else "")
    shape = _SHAPES.get(tag)
    return shape(element, depth + 1) if shape else _inside(element, depth + 1)


def _inside(element: etree._Element, depth: int) -> str:
    return "".join(_said(child, depth) for child in element)


def _child(element: etree._Element, name: str, depth: int) -> str:
    return _said(element.find(f"{{*}}{name}"), depth)


def _nth(element: etree._Element, place: int, depth: int) -> str:
    children = [child for child in element if isinstance(child.tag, str)]
    return _said(children[place], depth) if place < len(children) else ""


def _group(text: str) -> str:
    """In brackets, unless it is one sign, one number or in brackets already."""
    if len(text) < 2 or text.isalnum() or _BRACKETS.get(text[0]) == text[-1]:
        return text
    return f"({text})"


def _property(element: etree._Element, name: str, otherwise: str) -> str:
    """The value of a property, empty where it is given empty."""
    for properties in element:
        if local(properties).endswith("Pr"):
            for found in properties:
                if local(found) == name:
                    return next((str(v) for k, v in found.attrib.items() if str(k).rpartition("}")[2] == "val"), "")
    return otherwise


def _index(sign: str, text: str) -> str:
    return f"{sign}{_group(text)}" if text else ""


def _root(what: str, degree: str) -> str:
    return f"{degree}√{_group(what)}" if len(degree) < 2 else f"({degree})√{_group(what)}"


def _many(element: etree._Element, depth: int) -> str:
    """A sum, a product, an integral: its sign, its limits, what it is over."""
    limits = _index("_", _child(element, "sub", depth)) + _index("^", _child(element, "sup", depth))
    return f"{_property(element, 'chr', '∫')}{limits} {_child(element, 'e', depth)}"


def _fenced(element: etree._Element, depth: int) -> str:
    separator = _property(element, "sepChr", "|")
    parts = [_said(child, depth) for child in element if local(child) == "e"]
    return _property(element, "begChr", "(") + separator.join(parts) + _property(element, "endChr", ")")


def _rows(row: str, cell: str) -> Callable[[etree._Element, int], str]:
    def said(element: etree._Element, depth: int) -> str:
        rows = [child for child in element if local(child) == row]
        return "[" + "; ".join(", ".join(_said(c, depth) for c in r if local(c) == cell) for r in rows) + "]"

    return said


def _lines(element: etree._Element, depth: int) -> str:
    return "; ".join(_said(child, depth) for child in element if local(child) == "e")


_SHAPES: dict[str, Callable[[etree._Element, int], str]] = {
    # Office
    "f": lambda e, d: f"{_group(_child(e, 'num', d))}/{_group(_child(e, 'den', d))}",
    "sSup": lambda e, d: _child(e, "e", d) + _index("^", _child(e, "sup", d)),
    "sSub": lambda e, d: _child(e, "e", d) + _index("_", _child(e, "sub", d)),
    "sSubSup": lambda e, d: _child(e, "e", d) + _index("_", _child(e, "sub", d)) + _index("^", _child(e, "sup", d)),
    "sPre": lambda e, d: _index("_", _child(e, "sub", d)) + _index("^", _child(e, "sup", d)) + _child(e, "e", d),
    "rad": lambda e, d: _root(_child(e, "e", d), _child(e, "deg", d)),
    "nary": _many,
    "d": _fenced,
    "func": lambda e, d: f"{_child(e, 'fName', d)} {_child(e, 'e', d)}",
    "limLow": lambda e, d: _child(e, "e", d) + _index("_", _child(e, "lim", d)),
    "limUpp": lambda e, d: _child(e, "e", d) + _index("^", _child(e, "lim", d)),
    "m": _rows("mr", "e"),
    "eqArr": _lines,
    # the web and OpenDocument
    "mfrac": lambda e, d: f"{_group(_nth(e, 0, d))}/{_group(_nth(e, 1, d))}",
    "msup": lambda e, d: _nth(e, 0, d) + _index("^", _nth(e, 1, d)),
    "msub": lambda e, d: _nth(e, 0, d) + _index("_", _nth(e, 1, d)),
    "msubsup": lambda e, d: _nth(e, 0, d) + _index("_", _nth(e, 1, d)) + _index("^", _nth(e, 2, d)),
    "munder": lambda e, d: _nth(e, 0, d) + _index("_", _nth(e, 1, d)),
    "mover": lambda e, d: _nth(e, 0, d) + _index("^", _nth(e, 1, d)),
    "munderover": lambda e, d: _nth(e, 0, d) + _index("_", _nth(e, 1, d)) + _index("^", _nth(e, 2, d)) + " ",
    "msqrt": lambda e, d: _root(_inside(e, d), ""),
    "mroot": lambda e, d: _root(_nth(e, 0, d), _nth(e, 1, d)),
    "mtable": _rows("mtr", "mtd"),
}
