"""How we speak with a peer's server: one origin, within limits, and again where that may help."""

import base64
import random
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from cirt.exchange import trouble
from cirt.exchange.remote.answers import (
    busy,
    check_media_type,
    problem_of,
    read_members,
    retry_after_s,
)
from cirt.kernel.clock import Clock
from cirt.kernel.net import Answer, HttpClient
from cirt.kernel.net_errors import NetError
from cirt.kernel.reaching import Dial, Limits, dial
from cirt.kernel.settings import Network
from cirt.kernel.tls import TlsTerms

MEDIA_TYPE = "application/taxii+json;version=2.1"
ATTEMPTS = 4
_MAX_WAIT_S = 60.0  # a peer that asks for more patience is left until the next slot
_GOOD = frozenset({200, 201, 202, 204})
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


def lightened(error: NetError) -> NetError:
    """Empties the frames through which it came, or an answer of many megabytes hangs on it.

    What keeps an error in a variable goes round in a circle with it, and is collected late.
    """
    one: BaseException | None = error
    while one is not None:
        traceback.clear_frames(one.__traceback__)
        one = one.__cause__ or one.__context__
    return error


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

    def __init__(
        self,
        access: Access,
        clock: Clock,
        limits: Limits | None = None,
        time: timedelta | None = None,
    ) -> None:
        """``time`` is what the whole run has, with all that is asked and waited for."""
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
        self._clock, self._time = clock, time
        self._until = clock.now() + time if time else None
        self.last: Answer | None = None  # without its body, which may be large

    @property
    def traffic(self) -> int:
        return self._client.traffic

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, params: Any = None
    ) -> dict[str, Any]:
        """The answer's members; ``objects`` stays unread, for its exact bytes are wanted."""
        query = urlencode(params or {}, doseq=True)
        sent = {"Accept": MEDIA_TYPE}
        return self._asked("GET", f"{url}?{query}" if query else url, sent, None)

    def post(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        data: bytes = b"",
        again: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        """``again`` says, before it is sent once more, whether it may still be."""
        sent = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
        return self._asked("POST", url, sent, data, again)

    def close(self) -> None:
        self._client.close()

    def _asked(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        again: Callable[[], bool] | None = None,
    ) -> dict[str, Any]:
        answer = self._patiently(method, url, headers, body, again)
        self.last = replace(answer, body=b"")
        if answer.status == HTTPStatus.NO_CONTENT:
            return {}
        check_media_type(answer)
        return read_members(answer)

    def _patiently(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        again: Callable[[], bool] | None,
    ) -> Answer:
        """Ask again where that may help. A POST is asked again too: known objects change nothing."""
        failure: NetError | None = None
        try:
            for attempt in range(1, ATTEMPTS + 1):
                wait_s = 2.0**attempt * random.uniform(0.5, 1)  # noqa: S311  # no secret, only spread
                if failure is not None and again is not None and not again():
                    raise failure
                left_s = self._left_s()
                try:
                    answer = self._client.send(
                        method, url, headers=headers, body=body, deadline_s=left_s
                    )
                except NetError as error:
                    if not error.retry or attempt == ATTEMPTS or not self._is_time_for(wait_s):
                        raise
                    failure = error
                else:
                    if answer.status in _GOOD:
                        return answer
                    asked_s = retry_after_s(answer, self._clock.now())
                    if answer.status not in _BUSY:
                        raise problem_of(answer)
                    wait_s = max(wait_s, asked_s or 0)
                    failure = busy(answer, asked_s)
                    del answer  # it may be as large as the next
                    is_last = attempt == ATTEMPTS or (asked_s or 0) > _MAX_WAIT_S
                    if is_last or not self._is_time_for(wait_s):
                        raise failure
                self._clock.sleep(wait_s)
        finally:
            failure = None  # else it and this frame, with its answer, hold each other
        raise AssertionError("the last attempt returns or raises")

    def _left_s(self) -> float | None:
        """
        Raises:
            RunTooLong: the run's time is over.
        """
        if self._until is None:
            return None
        left_s = (self._until - self._clock.now()).total_seconds()
        if left_s <= 0:
            raise trouble.RunTooLong(limit=f"{self._time}")
        return left_s

    def _is_time_for(self, wait_s: float) -> bool:
        return self._until is None or self._clock.now() + timedelta(seconds=wait_s) < self._until
