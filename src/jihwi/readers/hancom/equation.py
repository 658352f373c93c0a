"""An equation's script as one readable line.

Source: "한글 문서 파일 형식 – 수식", revision 1.3: keywords of the script and what they print. Fractions, roots and
indices are written on the line; spacing marks and layout words are left out. A word that is not known stays as it is.
"""

from __future__ import annotations

import re

__all__ = ["equation_line"]

_SIGNS = {
    "TIMES": "×", "DIV": "÷", "LEQ": "≤", "LE": "≤", "GEQ": "≥", "GE": "≥", "NEQ": "≠", "NE": "≠", "!=": "≠",
    "PLUSMINUS": "±", "+-": "±", "MINUSPLUS": "∓", "-+": "∓", "CDOT": "·", "CDOTS": "⋯", "LDOTS": "…", "VDOTS": "⋮",
    "APPROX": "≈", "SIM": "∼", "SIMEQ": "≃", "CONG": "≅", "EQUIV": "≡", "ASYMP": "≍", "PROPTO": "∝", "INF": "∞",
    "INFINITY": "∞", "PARTIAL": "∂", "PRIME": "′", "ANGLE": "∠", "BOT": "⊥", "TRIANGLE": "△", "CIRC": "∘", "DEG": "°",
    "IN": "∈", "OWNS": "∋", "NOTIN": "∉", "SUBSET": "⊂", "SUPSET": "⊃", "SUBSETEQ": "⊆", "SUPSETEQ": "⊇",
    "CUP": "∪", "SMALLUNION": "∪", "UNION": "∪", "CAP": "∩", "SMALLINTER": "∩", "INTER": "∩", "EMPTYSET": "∅",
    "FORALL": "∀", "EXIST": "∃", "EXISTS": "∃", "LNOT": "¬", "WEDGE": "∧", "VEE": "∨", "THEREFORE": "∴", "BECAUSE": "∵",
    "->": "→", "RARROW": "→", "LARROW": "←", "LRARROW": "↔", "UPARROW": "↑", "DOWNARROW": "↓", "<=": "≤", ">=": "≥",
    "SUM": "∑", "PROD": "∏", "INT": "∫", "DINT": "∬", "TINT": "∭", "OINT": "∮", "NABLA": "∇", "SQRT": "√", "ROOT": "√",
    "ALPHA": "α", "BETA": "β", "GAMMA": "γ", "DELTA": "δ", "EPSILON": "ε", "ZETA": "ζ", "ETA": "η", "THETA": "θ",
    "IOTA": "ι", "KAPPA": "κ", "LAMBDA": "λ", "MU": "μ", "NU": "ν", "XI": "ξ", "OMICRON": "ο", "PI": "π", "RHO": "ρ",
    "SIGMA": "σ", "TAU": "τ", "UPSILON": "υ", "PHI": "φ", "CHI": "χ", "PSI": "ψ", "OMEGA": "ω", "OVER": "/",
}  # fmt: skip
_LAYOUT = frozenset(
    [
        "RM",
        "IT",
        "BOLD",
        "LEFT",
        "RIGHT",
        "CASES",
        "MATRIX",
        "PMATRIX",
        "BMATRIX",
        "DMATRIX",
        "EQALIGN",
        "PILE",
        "LPILE",
        "RPILE",
        "UNDER",
        "ATOP",
        "OF",
        "HAT",
        "BAR",
        "VEC",
        "DOT",
        "DDOT",
        "TILDE",
        "CHECK",
        "BOX",
        "OVERLINE",
        "UNDERLINE",
        "SUP",
        "SUB",
        "BIGG",
        "PHANTOM",
        "DYAD",
        "ACUTE",
        "GRAVE",
        "ARCH",
        "REL",
        "BUILDREL",
        "CHOOSE",
        "BINOM",
        "LONGDIV",
    ]
)
_WORD = re.compile(r'"[^"]*"|[A-Za-z]+|<=|>=|!=|->|\+-|-\+|.', re.DOTALL)
_GROUP = re.compile(r"\{ ?([^{}\s]{1,2}) ?\}")


def equation_line(script: str) -> str:
    """The script as a line of text.

    >>> equation_line("W``=`g  _{1} `-`g  _{2}")
    'W = g_1 - g_2'
    >>> equation_line("LEFT ( {a+b} over {2} RIGHT ) LEQ pi")
    '({a+b}/2) ≤ π'
    """
    written: list[str] = []
    for word in _WORD.findall(script):
        if word in ("`", "~") or word.isspace() or word in ("#", "&"):
            written.append(" ")
        elif word.startswith('"'):
            written.append(word.strip('"'))
        else:
            upper = word.upper()
            sign = _SIGNS.get(upper)
            if sign is not None:
                # A capital keyword of a Greek letter prints the capital letter: Delta, DELTA.
                written.append(sign.upper() if "α" <= sign <= "ω" and word[0].isupper() else sign)
            elif upper in _LAYOUT:
                written.append(" ")
            else:
                written.append(word)
    line = _GROUP.sub(r"\1", "".join(written))
    line = " ".join(line.split())
    line = re.sub(r" ?([_^/]) ?", r"\1", line)
    return re.sub(r"([(\[{]) | ([)\]}])", r"\1\2", line)
