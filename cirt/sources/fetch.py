"""The network as connectors get it: our deadlines, caps and address rules, faults in plain words."""

import socket

from cirt.kernel.net import HttpClient, Limits, Line, NetError
from cirt.kernel.program import Program
from cirt.plugin import ConnectorFault

_OK = 200
_LINE = Limits(deadline_s=600)  # of one run; what is left is read in the next one


class GuardedFetch:
    """A :class:`cirt.plugin.Fetch` over :mod:`cirt.kernel.net`; close it when the run is over."""

    def __init__(self, program: Program) -> None:
        self._allow = program.settings.outbound_allow
        self._lines: list[Line] = []

    def get(self, url: str, *, accept: str) -> bytes:
        try:
            client = HttpClient(url, allow=self._allow)
            try:
                answer = client.send("GET", url, headers={"Accept": accept})
            finally:
                client.close()
        except NetError as error:
            raise ConnectorFault(str(error)) from error
        if answer.status != _OK:
            raise ConnectorFault(f"{url} answered {answer.status}. Check the address.")
        return answer.body

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
