"""Files sent to the library: whoever sends what at the same time, under whatever name, nothing of it is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.console.office import Answer, Client, running_console, small_engine, until

EDGE = "edge-of-a-part"


def of_files(csrf: str, collection: str, files: list[tuple[str, bytes]]) -> bytes:
    """A form with files, as a browser sends it."""
    parts = [("csrf", csrf), ("collection", collection)]
    said = [f'form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in parts]
    said += [f'form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n" for name, data in files]
    body = b"".join(f"--{EDGE}\r\nContent-Disposition: ".encode() + one for one in said)
    return body + f"--{EDGE}--\r\n".encode()


async def bring(client: Client, collection: str, files: list[tuple[str, bytes]]) -> Answer:
    """Send files to the library."""
    headers = {"content-type": f"multipart/form-data; boundary={EDGE}"}
    return await client.send("/library/files", of_files(client.csrf, collection, files), headers)


async def test_one_file_sent_many_times_at_once_is_there_whole_and_everybody_is_told_so(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({}), runner=False) as running:
        client = await Client(running.console).come_in()
        sizes = range(1_000_000, 1_000_012)
        answers = await asyncio.gather(*[bring(client, "보고", [("같은 글.txt", b"a" * size)]) for size in sizes])
        assert {one.status for one in answers} == {303}
        kept = list((tmp_path / "files" / "보고").iterdir())
        assert [one.name for one in kept] == ["같은 글.txt"]
        assert kept[0].stat().st_size in sizes
        await until(lambda: not running.console.ingests.under_way())


async def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({}), runner=False) as running:
        client = await Client(running.console).come_in()
        sent = [("보고.txt", "1월의 글".encode()), ("2월/보고.txt", "2월의 글".encode())]
        assert (await bring(client, "보고", sent)).status == 303
        await until(lambda: not running.console.ingests.under_way())
        found = [one["path"] for one in (await client.get("/library.json")).json()["documents"]]
        assert sorted(found) == ["보고 (2).txt", "보고.txt"]


async def test_more_files_than_are_taken_are_refused_in_the_readers_language(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({}), runner=False) as running:
        client = await Client(running.console).come_in()
        refused = await bring(client, "보고", [(f"{number}.txt", b"x") for number in range(2001)])
        assert refused.status == 422
        assert "한 번에 2000개까지" in refused.text
        assert "Too many" not in refused.text
        assert not (tmp_path / "files").exists()


async def test_a_file_without_a_name_leaves_no_folder_behind(tmp_path: Path) -> None:
    async with running_console(tmp_path, small_engine({}), runner=False) as running:
        client = await Client(running.console).come_in()
        assert (await bring(client, "보고", [("...", b"x")])).status == 422
        assert not (tmp_path / "files").exists()
