"""Reads exported files back, and makes them for a test."""

import csv
import io
import json
from typing import Any

from cirt.kernel.program import Program
from cirt.kernel.work import Actor
from cirt.release.exporting.commands import Export, Format, Subject
from cirt.release.exporting.service import make_export, note_export


def exported(program: Program, actor: Actor, cmd: Export) -> tuple[str, bytes]:
    """Name and bytes of the file, as the page makes and notes it."""
    with program.work(actor, write=False) as work:
        made = make_export(work, cmd)
    with program.work(actor) as work:
        note_export(work, cmd, made)
    return made.name, b"".join(made.chunks())


def ids_in(cmd: Export, body: bytes) -> set[str]:
    """What of a file can be told apart: STIX ids, in MISP the UUIDs of them."""
    if cmd.format is Format.STIX:
        return {each["id"] for each in json.loads(body)["objects"]}
    if cmd.format is Format.CSV:
        return {row["stix_id"] for row in sheet(body)}
    return {each["uuid"] for each in json.loads(body)["Event"]["Attribute"]}


def sheet(body: bytes) -> list[dict[str, str]]:
    lines = [line for line in body.decode().splitlines(keepends=True) if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("".join(lines))))


def of_list(format_: Format = Format.STIX, **more: Any) -> Export:
    return Export(Subject.INDICATORS, format=format_, **more)
