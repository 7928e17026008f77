"""How we speak with a peer's server: one origin, within limits, and again where that may help."""

import base64
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from cirt.exchange.remote.answers import (
    busy,
    check_media_type,
    problem_of,
    read_members,
    retry_after_s,
)
from cirt.kernel.clock import Clock
from cirt.kernel.net import Answer, Dial, HttpClient, Limits, NetError, dial
from cirt.kernel.settings import Network
from cirt.kernel.tls import TlsTerms

MEDIA_TYPE = "application/taxii+json;version=2.1"
ATTEMPTS = 4
_MAX_WAIT_S = 60.0  # a peer that asks for more patience is left until the next slot
_GOOD = frozenset({200, 201, 202, 204})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Access:
    """How a peer is reached."""

    url: str
    username: str | None = None
    password: str | None = None
    allow: Sequence[Network] = ()
    tls: TlsTerms | None = None
    dial: Dial = dial


class Connection:
    """What taxii2-client calls a connection, over :class:`HttpClient`."""

    def __init__(self, access: Access, clock: Clock, limits: Limits | None = None) -> None:
        headers = {"User-Agent": "cirt/0.1"}
        if access.username is not None:
            pair = f"{access.username}:{access.password or ''}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._client = HttpClient(
            access.url,
            allow=access.allow,
            limits=limits,
            headers=headers,
            tls=access.tls,
            dial_=access.dial,
        )
        self._clock = clock
        self.last: Answer | None = None

    @property
    def traffic(self) -> int:
        return self._client.traffic

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, params: Any = None
    ) -> dict[str, Any]:
        """The answer's members; ``objects`` stays unread, for its bytes are taken from ``last``."""
        query = urlencode(params or {}, doseq=True)
        sent = {"Accept": MEDIA_TYPE}
        return self._asked("GET", f"{url}?{query}" if query else url, sent, None)

    def post(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        data: bytes = b"",
    ) -> dict[str, Any]:
        sent = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
        return self._asked("POST", url, sent, data)

    def close(self) -> None:
        self._client.close()

    def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> dict[str, Any]:
        self.last = answer = self._patiently(method, url, headers, body)
        if answer.status == HTTPStatus.NO_CONTENT:
            return {}
        check_media_type(answer)
        return read_members(answer)

    def _patiently(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Ask again where that may help. A POST is asked again too: known objects change nothing."""
        for attempt in range(1, ATTEMPTS + 1):
            wait_s = 2.0**attempt * random.uniform(0.5, 1)  # noqa: S311  # no secret, only spread
            try:
                answer = self._client.send(method, url, headers=headers, body=body)
            except NetError as error:
                if not error.retry or attempt == ATTEMPTS:
                    raise
            else:
                if answer.status in _GOOD:
                    return answer
                asked_s = retry_after_s(answer, self._clock.now())
                if answer.status not in _BUSY:
                    raise problem_of(answer)
                if attempt == ATTEMPTS or (asked_s or 0) > _MAX_WAIT_S:
                    raise busy(answer, asked_s)
                wait_s = max(wait_s, asked_s or 0)
            self._clock.sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")
