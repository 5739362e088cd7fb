"""Building Google's generated clients for either transport."""

from __future__ import annotations

from typing import Any

from google.api_core.client_options import ClientOptions

from tui.cloud.credentials import Found


def rest_client(client_type: Any, url: str, found: Found) -> Any:  # noqa: ANN401 (no common base)
    """A synchronous generated client over REST at a base URL.

    The local server is never reached through a proxy, whatever the environment says.
    """
    client = client_type(
        transport="rest",
        credentials=found.credentials,
        client_options=ClientOptions(
            api_endpoint=url if url.startswith("http://") else url.removeprefix("https://")
        ),
    )
    ignore_proxies(client.transport._session, url)  # noqa: SLF001 (made inside, without a setting)
    return client


def ignore_proxies(session: Any, url: str) -> None:  # noqa: ANN401 (a requests session)
    """Keep a session to the local server off the proxies of the environment."""
    if url.startswith("http://"):
        session.trust_env = False
