"""The class of a document or a folder, changed on its page: it decides which models may see the text."""

from __future__ import annotations

import asyncio
from typing import Annotated, get_args

import msgspec
from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import BaseModel

from jihwi.case.events import Author
from jihwi.console.visit import Visit, Visiting
from jihwi.errors import FormInvalid, PageMissing
from jihwi.evidence import SecurityClass

__all__ = ["ClassShown", "chosen_class", "router"]

router = APIRouter()


class ClassShown(msgspec.Struct, frozen=True):
    """What a document or a folder bears from now on."""

    security_class: SecurityClass


class Chosen(BaseModel):
    """A class, and the folder that is to have it where the address names none."""

    security_class: str
    collection: str = ""
    csrf: str = ""


def chosen_class(visit: Visit, said: str) -> SecurityClass | None:
    """A class as a form says it; None for whatever the house gives. Raises FormInvalid."""
    for one in get_args(SecurityClass):
        if said == one:
            found: SecurityClass = one
            return found
    if said:
        raise FormInvalid(visit.say("보안등급은 C, S, O 가운데 하나입니다", "a class is C, S or O"))
    return None


def _author(visit: Visit) -> Author:
    return Author("person", visit.person.id, door="console")


@router.post("/documents/{document_id}/class")
async def of_document(visit: Visiting, document_id: str, sent: Annotated[Chosen, Form()]) -> Response:
    """Give one document a class; a stricter one of its folder holds all the same."""
    visit.check_token(sent.csrf)
    visit.require("administer")
    library, viewer = visit.console.house.library, visit.person.viewer
    wanted = chosen_class(visit, sent.security_class)
    found = await asyncio.to_thread(library.document, document_id, viewer)
    if found is None:
        raise PageMissing()
    if wanted is not None:
        source = found.source
        await asyncio.to_thread(library.classify, source.collection, None, {source.path: wanted}, by=_author(visit))
        found = await asyncio.to_thread(library.document, document_id, viewer) or found
    return visit.go(f"/documents/{document_id}", ClassShown(found.source.security_class))


@router.post("/library/class")
async def of_folder(visit: Visiting, sent: Annotated[Chosen, Form()]) -> Response:
    """Give a whole folder a class."""
    visit.check_token(sent.csrf)
    visit.require("administer")
    library = visit.console.house.library
    wanted = chosen_class(visit, sent.security_class)
    known = {one.name: one for one in await asyncio.to_thread(library.collections, visit.person.viewer)}
    if sent.collection not in known:
        raise PageMissing()
    info = known[sent.collection]
    if wanted is not None:
        info = await asyncio.to_thread(library.classify, sent.collection, wanted, by=_author(visit))
    return visit.go("/library", ClassShown(info.security_class))
