# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where sets of prefixes come from: files of the host, and files of delegated statistics here or on the web.

Rules of this file: it reads and never writes; whatever is wrong with a source is one SourceError that names it, without
the password that a URL may hold. A set is given whole or not at all. A set that is not believed is kept as it was.
"""

from __future__ import annotations

import functools
import gzip
import http.client
import io
import urllib.error
import urllib.request
import zlib
from typing import Callable, NamedTuple, Protocol, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.delegated_statistics import parse_statistics
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.prefix_lists import parse_prefix_list
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import (
    SplitTunnel,
    shrinkage,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.address_ranges import (
    AddressRange,
    aggregate,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import is_url

TIMEOUT = 30  # seconds without a byte
LARGEST = 128 << 20  # bytes; the largest of the registries' files has some 20 million
_GZIP = b"\x1f\x8b"


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int) -> bytes: ...


class SourceError(DeviceError):
    """A source of prefixes cannot be had, or is not what it should be."""


class Settled(NamedTuple):
    """The set that is to serve, and why it is the earlier one where it is."""

    prefixes: Sequence[Prefix]
    kept_because: str = ""


def settle(tunnel: SplitTunnel, earlier: Sequence[Prefix], same_sources: bool) -> Settled:
    """Fetch the set, or keep the earlier one. Raises SourceError where there is none to keep.

    Whoever names other sources wants another set, however small.
    """
    if not tunnel.fetches:
        return Settled(())
    try:
        fetched = fetch(tunnel)
    except SourceError as error:
        if earlier and same_sources:
            return Settled(earlier, str(error))
        raise
    shrank = shrinkage(earlier, fetched) if same_sources else 0
    if shrank > tunnel.shrink_limit:
        return Settled(earlier, f"it shrank by {shrank} %, and more than {tunnel.shrink_limit} % is not believed")
    return Settled(fetched)


def fetch(tunnel: SplitTunnel) -> list[Prefix]:
    """Give all that files and statistics name, in the fewest prefixes. Raises SourceError."""
    ranges: list[AddressRange] = []
    for path in tunnel.files:
        ranges += _ranges(path, parse_prefix_list)
    for each in tunnel.rir:
        parse = functools.partial(parse_statistics, countries=each.countries, families=each.families)
        ranges += _ranges(each.source, parse)
    return aggregate(ranges)


def _ranges(source: str, parse: Callable[[str], list[AddressRange]]) -> list[AddressRange]:
    try:
        ranges = parse(_text(source))
    except InvalidValue as error:
        raise SourceError(f"{source} {error}" if str(error)[:3] in ("is ", "has") else f"{source}: {error}") from None
    except urllib.error.HTTPError as error:
        raise SourceError(f"{source} cannot be had: the server says {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise SourceError(f"{source} cannot be had: {error.reason}") from None
    except (http.client.HTTPException, EOFError, zlib.error) as error:
        raise SourceError(f"{source} was cut short: {type(error).__name__}") from None
    except OSError as error:
        raise SourceError(f"{source} cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # of urllib, as where a server sends one on to what is no URL
        raise SourceError(f"{source} cannot be had: {error}") from None
    if not ranges:
        raise SourceError(f"{source} has no prefix in it")
    return ranges


def _text(source: str) -> str:
    data = _download(source) if is_url(source) else _file(source)
    if data.startswith(_GZIP):
        data = _whole(gzip.GzipFile(fileobj=io.BytesIO(data)))
    return data.decode("utf-8", errors="replace")


def _download(url: str) -> bytes:
    # http and https only: is_url has seen to it.
    request = urllib.request.Request(url, headers={"User-Agent": "wgfleet.wireguard"})  # noqa: S310
    with urllib.request.build_opener().open(request, timeout=TIMEOUT) as reply:
        data = _whole(reply)
    length = reply.headers.get("Content-Length")
    if length and length.isdigit() and int(length) != len(data):
        raise http.client.IncompleteRead(data, int(length) - len(data))
    return data


def _file(path: str) -> bytes:
    with open(path, "rb") as stream:
        return _whole(stream)


def _whole(stream: Readable) -> bytes:
    """Read to the end, which must come before memory ends: few bytes can be packed that are very many."""
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise InvalidValue(f"is longer than {LARGEST >> 20} MiB")
    return data
