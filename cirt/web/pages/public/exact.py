"""Forms of the counter read to the byte: what is not UTF-8 is carried through instead of being replaced.

Bytes that are no UTF-8 become lone surrogates (PEP 383) in the text and in the names of files, so that they can be
kept as they came; in every other field they are replaced, as the framework does.
"""

import re
from typing import IO, Any

from flask import request
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

_EXACT = "text"  # the field of this name
_NO_LETTER = re.compile("[\ud800-\udfff]")


def read_exactly() -> None:
    """For the present request; to be called before its form is looked at."""
    request.form_data_parser_class = _Parser


class _Decoder(MultipartDecoder):
    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        """The framework gives up a whole form for one file name in another encoding."""
        lines = (
            line.strip(b" \t").decode("utf-8", "surrogateescape") for line in data.splitlines()
        )
        pairs = (line.partition(":") for line in lines if line)
        return Headers([(name.strip(" \t"), value.strip(" \t")) for name, _, value in pairs])


class _Parts(MultiPartParser):
    def parse(
        self, stream: IO[bytes], boundary: bytes, content_length: int | None
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        decoder = _Decoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        found = _Found(self, content_length)
        data = None
        while data != b"":
            data = stream.read(self.buffer_size)
            decoder.receive_data(data or None)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                if isinstance(event, Field | File):
                    found.begin(event)
                elif isinstance(event, Data):
                    found.add(event)
        return self.cls(found.fields), self.cls(found.files)


class _Found:
    """Fields and files as they are read, one after the other."""

    def __init__(self, parser: _Parts, content_length: int | None) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self._parser, self._content_length = parser, content_length
        self._part: Field | File
        self._body: IO[bytes] | bytearray

    def begin(self, part: Field | File) -> None:
        self._part, self._body = part, bytearray()
        if isinstance(part, File):
            self._body = self._parser.start_file_streaming(part, self._content_length)

    def add(self, data: Data) -> None:
        part, body = self._part, self._body
        if isinstance(body, bytearray):
            body += data.data
            if len(body) > (self._parser.max_form_memory_size or len(body)):
                raise RequestEntityTooLarge
            if not data.more_data:
                self.fields.append((_name(part), self._text(body)))
            return
        body.write(data.data)
        if not data.more_data and isinstance(part, File):
            body.seek(0)
            stored = FileStorage(body, part.filename, part.name, headers=part.headers)
            self.files.append((_name(part), stored))

    def _text(self, typed: bytearray) -> str:
        charset = self._parser.get_part_charset(self._part.headers)
        is_exact = self._part.name == _EXACT
        return typed.decode(charset, "surrogateescape" if is_exact else "replace")


def _name(part: Field | File) -> str:
    """Of a field, which a page has to be able to show."""
    return _NO_LETTER.sub("\ufffd", part.name or "")


class _Parser(FormDataParser):
    def _parse_multipart(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str],
    ) -> tuple[IO[bytes], Any, Any]:
        parts = _Parts(
            stream_factory=self.stream_factory,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
        )
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("Missing boundary")
        form, files = parts.parse(stream, boundary, content_length)
        return stream, form, files
