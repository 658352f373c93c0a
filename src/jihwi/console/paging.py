"""How a page says what its JSON twin is made of, so that the OpenAPI description is true by construction."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

__all__ = ["describe", "twin"]

_MODELS: dict[str, Any] = {}


def twin(model: type[Any]) -> dict[str, Any]:
    """The OpenAPI part of a page whose JSON twin is `model`."""
    _MODELS[model.__name__] = model
    content = {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}},
        "text/html": {"schema": {"type": "string"}},
    }
    return {"responses": {"200": {"description": "The page, or its JSON twin.", "content": content}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description of every page and form."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, components = msgspec.json.schema_components(
            list(_MODELS.values()), ref_template="#/components/schemas/{name}"
        )
        found.setdefault("components", {}).setdefault("schemas", {}).update(components)
        app.openapi_schema = found
    return app.openapi_schema
