# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the RouterOS API as text, and what they mean.

Rules of this file: no input or output; a value is decoded by the name of its property, never by its looks (a comment
can be `yes` or `123`). A secret that is absent or `*****` is HIDDEN: the user may not see it. What someone else wrote
and has no meaning here stops nothing.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Hashable, Iterable, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import T
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import HIDDEN, Hidden
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    Prefix,
    parse_host,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    Key,
    PrivateKey,
    Secret,
    clamp,
    decode_key,
)

UNSET_CLIENT_RANGE = "::/0"
_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PARTS = re.compile(r"([0-9]+)(ms|[wdhms])")
_CLOCK = re.compile(r"(?:([0-9]+)d)?([0-9]+):([0-9]{2}):([0-9]{2})")


def decode_flag(text: str | None) -> bool:
    """Decode a boolean; one that is absent is off."""
    return text in ("true", "yes")


def encode_flag(value: bool) -> str:
    """Encode a boolean."""
    return "yes" if value else "no"


def decode_number(text: str | None) -> int:
    """Decode a number; one that is absent, or a word such as `auto`, is 0."""
    return int(text) if text and text.isdigit() else 0


def decode_duration(text: str | None) -> float:
    """Decode `1d2h3m4s`, `1s500ms`, `1d02:03:04` or plain seconds; one that is absent is 0."""
    text = text or ""
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if text.isdigit():
        return float(text)
    return sum(int(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))


def encode_duration(seconds: int) -> str:
    """Encode seconds."""
    return f"{seconds}s"


def decode_secret(text: str | None, kind: type[Key]) -> Key | Hidden | None:
    """Decode a key that may be hidden; an empty one is none."""
    if text is None or set(text) == {"*"}:
        return HIDDEN
    try:
        return decode_key(text, kind) if text else None
    except InvalidValue:
        return HIDDEN


def decode_private_key(text: str | None) -> PrivateKey | Hidden | None:
    """Decode a private key in the form in which every device uses it."""
    key = decode_secret(text, PrivateKey)
    return clamp(key.raw) if isinstance(key, PrivateKey) else key


def encode_secret(value: Secret | None) -> str:
    """Encode a key; none is empty."""
    return value.reveal() if value else ""


def parsed(text: str | None, parse: Callable[[str], T]) -> T | None:
    """Parse what someone else may have written; None where it has no meaning here."""
    try:
        return parse(text or "")
    except InvalidValue:
        return None


def decode_items(text: str | None, parse: Callable[[str], T]) -> frozenset[T]:
    """Decode a list; an item that has no meaning here is left out."""
    items = (parsed(item, parse) for item in (text or "").split(",") if item)
    return frozenset(item for item in items if item is not None)


def encode_items(values: Iterable[Any]) -> str:
    """Encode a list, in an order of its own."""
    return ",".join(str(value) for value in sorted(values))


def decode_host(text: str | None) -> str:
    """Decode an address or a host name, which RouterOS keeps as it was entered."""
    return parsed(text, parse_host) or text or ""


def decode_endpoint(host: str | None, port: str | None) -> Endpoint | None:
    """Decode where a peer is dialled; without a host it is not."""
    return Endpoint(decode_host(host), decode_number(port)) if host else None


class Codec(NamedTuple):
    """The two directions of one property; an absent value is decoded from None."""

    decode: Callable[[Any], Hashable]
    encode: Callable[[Any], str]


def _items(parse: Callable[[str], Any]) -> Codec:
    return Codec(lambda text: decode_items(text, parse), encode_items)


def _decode_client_range(text: str | None) -> frozenset[Prefix]:
    """Decode what a client is to send through the tunnel; some releases print this for a list that was never set."""
    return frozenset() if text == UNSET_CLIENT_RANGE else decode_items(text, parse_prefix)


_TEXT = Codec(lambda text: text or "", str)
_DURATION = Codec(lambda text: int(decode_duration(text)), encode_duration)

# By the names of options.
CODECS: Mapping[str, Codec] = {
    "comment": _TEXT,
    "vrf": Codec(lambda text: text or "main", str),
    "enabled": Codec(lambda text: not decode_flag(text), lambda value: encode_flag(not value)),
    "responder": Codec(decode_flag, encode_flag),
    "private_key": Codec(decode_private_key, encode_secret),
    "client_address": _items(parse_interface_address),
    "client_dns": _items(parse_host),
    "client_endpoint": Codec(decode_host, str),
    "client_keepalive": _DURATION,
    "client_listen_port": Codec(decode_number, str),
    "client_allowed_address": Codec(_decode_client_range, encode_items),
}
