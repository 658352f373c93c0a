"""The pages, one module a place in the console; each gives its router."""

from __future__ import annotations
