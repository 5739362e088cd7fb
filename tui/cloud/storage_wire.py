"""Google's storage client as one call sees it: who pays, JSON calls, and requests for bytes."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
import urllib3
from google.api_core import exceptions as api
from google.api_core.client_options import ClientOptions
from google.auth.transport.requests import Request
from google.cloud import storage
from requests.adapters import HTTPAdapter

from tui.cloud.connection import STORAGE_THREADS, TRANSFER_THREADS, Connection
from tui.cloud.credentials import Found
from tui.cloud.generated import ignore_proxies

TIMEOUT = 20.0
"""Seconds to connect, and between two bytes of an answer."""

Json = dict[str, Any]


class Direct:
    """Reads by the kept connections of a client's session, without what requests does for each request.

    Proxies, certificates and the login are the session's: the first two are found out once, as they cannot
    change in between.
    """

    def __init__(self, client: storage.Client) -> None:
        self._session: Any = client._http  # noqa: SLF001
        self._url: str = client._connection.API_BASE_URL  # noqa: SLF001
        self._above = urlsplit(self._url).path
        self._login = Request()  # not by the session, which would ask the login again
        self._timeout = urllib3.Timeout(connect=TIMEOUT, read=TIMEOUT)
        settings = self._session.merge_environment_settings(self._url, {}, True, None, None)  # noqa: FBT003
        prepared = requests.Request("GET", self._url).prepare()
        adapter = self._session.get_adapter(self._url)
        self._pool = adapter.get_connection_with_tls_context(
            prepared, settings["verify"], proxies=settings["proxies"], cert=settings["cert"]
        )

    def get(self, path: str, headers: dict[str, str]) -> bytes | None:
        """The body of an answer as it came; None if it is not one of success.

        Raises:
            urllib3.exceptions.HTTPError: there was no answer, or not all of it.
            google.auth.exceptions.GoogleAuthError: the login gives no token.
        """
        self._session.credentials.before_request(self._login, "GET", f"{self._url}{path}", headers)
        response = self._pool.urlopen(
            "GET",
            f"{self._above}{path}",
            headers=headers,
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            data: bytes = response.read(decode_content=False)
        finally:
            response.release_conn()
        return data if response.status == 200 else None  # noqa: PLR2004 (HTTP's number)


class Wire:
    """A client, and the project that pays for a call."""

    def __init__(self, client: storage.Client, direct: Direct, payer: str = "") -> None:
        self.client = client
        self.payer = payer
        self._direct = direct

    def bucket(self, name: str) -> Any:  # noqa: ANN401 (untyped)
        """The library's bucket, whose calls name who pays."""
        return self.client.bucket(name, user_project=self.payer or None)

    def ask(self, method: str, path: str, *, data: Json | None = None, **params: str | int | bool) -> Json:
        """A JSON call, made once; parameters that are empty or False are left out.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: it was refused.
        """
        query = {name: _text(value) for name, value in params.items() if value is not False and value != ""}
        if self.payer:
            query["userProject"] = self.payer
        # Folders, restore tokens and copies without new metadata are not among the library's own methods.
        answer = self.client._connection.api_request(  # noqa: SLF001
            method=method, path=path, query_params=query, data=data, timeout=TIMEOUT, retry=None
        )
        return answer or {}

    def media(self, bucket: str, name: str, generation: int, *, first: int = 0, last: int = -1) -> Any:  # noqa: ANN401
        """An object's bytes as stored, from `first` to `last` or its end: a response still to be read.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: it was refused.
        """
        headers = self._media_headers()
        if first or last >= 0:
            headers["Range"] = f"bytes={first}-{last if last >= 0 else ''}"
        url = self.service + self._media_path(bucket, name, generation)
        response = self.session.get(url, headers=headers, stream=True, timeout=TIMEOUT)
        if not response.ok:
            with response:
                raise api.from_http_response(response)
        return response

    def small_media(self, bucket: str, name: str, generation: int) -> bytes:
        """All bytes of a small object as stored.

        By the connections below requests, whose own work on a request takes longer than such an object does;
        whatever is not a plain success is asked again the ordinary way, which knows what to make of it.

        Raises:
            google.api_core.exceptions.GoogleAPICallError: it was refused.
        """
        headers = self._media_headers()
        path = self._media_path(bucket, name, generation)
        answer = self._direct.get(path, headers)
        if answer is not None:
            return answer
        with self.media(bucket, name, generation) as response:
            data: bytes = response.raw.read(decode_content=False)
            return data

    def _media_path(self, bucket: str, name: str, generation: int) -> str:
        query = {"alt": "media"}
        if generation:
            query["generation"] = str(generation)
        if self.payer:
            query["userProject"] = self.payer
        return f"/download/storage/v1{object_path(bucket, name)}?{urlencode(query)}"

    def _media_headers(self) -> dict[str, str]:
        """As stored, or the checksum would be another content's."""
        return {"Accept-Encoding": "gzip", "User-Agent": self._agent}

    @property
    def service(self) -> str:
        """The service's address."""
        address: str = self.client._connection.API_BASE_URL  # noqa: SLF001
        return address

    @property
    def session(self) -> requests.Session:
        """What the client sends its requests by."""
        session: requests.Session = self.client._http  # noqa: SLF001
        return session

    @property
    def _agent(self) -> str:
        agent: str = self.client._connection._client_info.to_user_agent()  # noqa: SLF001
        return agent


def bucket_path(bucket: str) -> str:
    """A bucket's path below the API's version."""
    return f"/b/{quote(bucket, safe='')}"


def object_path(bucket: str, name: str) -> str:
    """An object's path; its name is one part of it, whatever it contains."""
    return f"{bucket_path(bucket)}/o/{quote(name, safe='')}"


def folder_path(bucket: str, name: str, *, managed: bool = False) -> str:
    """The path of a folder of a hierarchical bucket, or of a managed folder."""
    return f"{bucket_path(bucket)}/{'managedFolders' if managed else 'folders'}/{quote(name, safe='')}"


def make_client(connection: Connection, found: Found) -> storage.Client:
    """A client with an explicit endpoint, so that no emulator variable of the environment diverts it."""
    url = connection.url("storage.googleapis.com")
    client = storage.Client(
        project=connection.target.project or "none",
        credentials=found.credentials,
        client_options=ClientOptions(api_endpoint=url),
    )
    session = client._http  # noqa: SLF001 (made inside, without a setting)
    ignore_proxies(session, url)
    if not session.is_mtls:  # which has an adapter of its own
        # One kept connection for each thread: requests keeps ten, and makes the others anew each time.
        adapter = HTTPAdapter(pool_maxsize=STORAGE_THREADS + TRANSFER_THREADS)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
    return client


def _text(value: str | int) -> str:
    return "true" if value is True else str(value)
