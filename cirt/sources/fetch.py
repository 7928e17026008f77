"""The network as connectors get it: our deadlines, caps and address rules, faults in plain words."""

from cirt.kernel.net import HttpClient, NetError
from cirt.kernel.program import Program
from cirt.plugin import ConnectorFault

_OK = 200


class GuardedFetch:
    """A :class:`cirt.plugin.Fetch` over :mod:`cirt.kernel.net`."""

    def __init__(self, program: Program) -> None:
        self._allow = program.settings.outbound_allow

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
