"""A browser's worth of HTTP: one kept connection, its cookies, and the fields of the forms that it saw."""

import http.client
import re
from urllib.parse import urlencode, urlsplit

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Visitor:
    """Somebody with a browser; signed in where an account is given."""

    def __init__(self, url: str, email: str = "", password: str = "", address: str = "") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._cookies: dict[str, str] = {}
        self._address = address
        if email:
            self.send("/sign-in", self.form("/sign-in") | {"email": email, "password": password})

    def get(self, path: str) -> str:
        """The page at ``path``."""
        text, _ = self._ask("GET", path)
        return text

    def form(self, path: str) -> dict[str, str]:
        """The hidden fields of the page at ``path``, as a browser would send them back."""
        return dict(_HIDDEN.findall(self.get(path)))

    def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form that is taken; the address it leads to."""
        _, target = self._ask("POST", path, fields)
        return target

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if self._address:
            headers["X-Forwarded-For"] = self._address
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(fields) if fields is not None else None
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        expected = 200 if fields is None else 303
        assert response.status == expected, (method, path, response.status, text[:300])
        return text, response.headers.get("Location", "")
