"""The network as connectors get it: our deadlines, caps and address rules, faults in plain words."""

import socket
from collections.abc import Mapping
from datetime import datetime, timedelta

from cirt.kernel.net import Answer, HttpClient, Line
from cirt.kernel.net_errors import AnswerTooLarge, EncodingWrong, NetError
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from cirt.plugin import ConnectorFault, OneFault

_OK = 200
_KEY = (401, 403)
_GONE = (404, 410)
_RUN = timedelta(hours=1)  # whatever is asked for in it
_LINE = Limits(deadline_s=600)  # of one run; what is left is read in the next one


class GuardedFetch:
    """A :class:`cirt.plugin.Fetch` over :mod:`cirt.kernel.net`; close it when the run is over."""

    def __init__(self, program: Program) -> None:
        self._allow = program.settings.outbound_allow
        self._clock = program.clock
        self._until = program.clock.now() + _RUN
        self._lines: list[Line] = []

    def get(self, url: str, *, accept: str) -> bytes:
        return self._asked(url, "GET", {"Accept": accept}, None).body

    def send(self, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
        return self._asked(url, "GET" if body is None else "POST", headers, body).body

    def now(self) -> datetime:
        return self._clock.now()

    def _asked(
        self, url: str, method: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        left_s = (self._until - self._clock.now()).total_seconds()
        if left_s <= 0:
            raise ConnectorFault("This run ended at its limit of an hour; the next one goes on.")
        try:
            client = HttpClient(url, allow=self._allow)
            try:
                answer = client.send(method, url, headers=headers, body=body, deadline_s=left_s)
            finally:
                client.close()
        except (AnswerTooLarge, EncodingWrong) as error:
            raise OneFault(str(error)) from error
        except NetError as error:
            raise ConnectorFault(str(error)) from error
        if answer.status in _GONE:
            raise OneFault(f"{url} answered {answer.status}: it is not there. Check the address.")
        if answer.status in _KEY:
            raise ConnectorFault(
                f"{url} answered {answer.status}. Check the key that it is asked with."
            )
        if answer.status != _OK:
            raise ConnectorFault(f"{url} answered {answer.status}. Check the address.")
        return answer

    def connect(self, host: str, port: int, *, tls: bool) -> socket.socket:
        try:
            line = Line(host, port, tls=tls, allow=self._allow, limits=_LINE)
        except NetError as error:
            raise ConnectorFault(str(error)) from error
        self._lines.append(line)
        return line.socket

    def secure(self, granted: socket.socket) -> socket.socket:
        line = next((one for one in self._lines if one.socket is granted), None)
        if line is None:
            raise ConnectorFault("This socket was not granted here, so it cannot be secured.")
        try:
            line.secure()
        except NetError as error:
            raise ConnectorFault(str(error)) from error
        return line.socket

    def close(self) -> None:
        for line in self._lines:
            line.close()
