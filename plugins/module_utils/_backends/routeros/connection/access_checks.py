# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the way in to a router, and with text that is to go there, before anything is sent.

Rules of this file: no input or output. Each problem names its option, and a password is never repeated.
"""

from __future__ import annotations

from typing import Iterator, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import DesiredInterface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Properties

_HIGHEST_PORT = 65535
_ASCII = "=.tag"  # of the protocol's own words, which every encoding has to leave alone
_Text = Tuple[str, str]  # its place and itself


def access_problems(access: Access) -> list[Problem]:
    """Tell what is wrong with the options of a connection."""
    checks = {
        "encoding": _encoding(access.encoding),
        "hostname": _hostname(access.hostname),
        "port": "" if 1 <= access.resolved_port <= _HIGHEST_PORT else f"must be from 1 to 65535, not {access.port}",
        "timeout": "" if access.timeout >= 1 else f"must be 1 second or more, not {access.timeout}",
    }
    problems = [Problem(option, message) for option, message in checks.items() if message]
    if checks["encoding"]:
        return problems
    return problems + _unsayable([("username", access.username), ("password", access.password)], access.encoding)


def text_problems(desired: DesiredInterface, encoding: str) -> list[Problem]:
    """Tell which of the texts that are to be set the encoding has not."""
    return _unsayable(_texts(desired), encoding)


def _texts(desired: DesiredInterface) -> Iterator[_Text]:
    yield from _of_properties("", desired.properties)
    for index, peer in enumerate(desired.peers):
        if isinstance(peer.name, str):
            yield f"peers[{index}].name", peer.name
        yield from _of_properties(f"peers[{index}].", peer.properties)


def _of_properties(place: str, properties: Properties) -> Iterator[_Text]:
    for each in sorted(properties, key=lambda each: each.name):
        if isinstance(each.value, str):
            yield place + each.name, each.value


def _unsayable(texts: list[_Text] | Iterator[_Text], encoding: str) -> list[Problem]:
    return [
        Problem(place, f"has characters that the encoding {encoding} has not")
        for place, text in texts
        if not _can_say(text, encoding)
    ]


def _can_say(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


def _encoding(encoding: str) -> str:
    try:
        plain = _ASCII.encode(encoding) == _ASCII.encode("ascii")
    except (LookupError, ValueError):
        return f"there is no encoding {encoding!r} of text"
    return "" if plain else f"{encoding!r} does not leave ASCII as it is, as a router's protocol needs it"


def _hostname(hostname: str) -> str:
    try:
        hostname.encode("idna")  # as the standard library does before it asks the DNS
    except UnicodeError:
        return f"{hostname!r} is no name of a host: each of its parts has 1 to 63 characters"
    return "" if hostname.strip() else "is empty"
