# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a redirection, as JSON without any secret.

Rules of this file: no I/O; the text is deterministic. A record that cannot be read is an error: what it tells of could
not be put back without it.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.records import redirections_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue, PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    KillSwitch,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix, parse_prefix

_FORMAT = 1


def redirection_path(name: str, netns: str | None = None) -> str:
    """Give the path of an interface's record."""
    return f"{redirections_of(netns)}/{name}.json"


def render_redirection(redirection: Redirection) -> str:
    """Render the record."""
    record = {"format": _FORMAT, **{name: _plain(value) for name, value in vars(redirection).items()}}
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


def parse_redirection(text: str, path: str) -> Redirection:
    """Parse the record. Raises PersistenceError."""
    try:
        record = json.loads(text)
        if record["format"] != _FORMAT:
            raise PersistenceError(f"{path} was written by a newer version of this collection: use that")
        switch = record["kill_switch"]
        return Redirection(
            routes=frozenset(Route(**_typed(row)) for row in record["routes"]),
            rules=frozenset(Rule(**_typed(row)) for row in record["rules"]),
            fwmark=int(record["fwmark"]),
            detours=frozenset(UplinkRoute(**_typed(row)) for row in record["detours"]),
            displaced=frozenset(UplinkRoute(**_typed(row)) for row in record["displaced"]),
            switches=frozenset(map(str, record["switches"])),
            kill_switch=KillSwitch(switch["fwmark"], frozenset(map(parse_prefix, switch["keep"]))) if switch else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidValue) as error:
        sentence = "{0} is damaged ({1}): remove it, and the routes and rules of protocol 87 that it told of"
        raise PersistenceError(sentence.format(path, type(error).__name__)) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Prefix):
        return str(value)
    if isinstance(value, (Route, Rule, UplinkRoute, KillSwitch)):
        return {name: _plain(item) for name, item in value._asdict().items()}
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    prefixes = {name: parse_prefix(row[name]) for name in ("source", "destination") if _is_prefix(row, name)}
    metrics = {"metrics": tuple((str(name), int(value)) for name, value in row["metrics"])} if "metrics" in row else {}
    return {**row, **prefixes, **metrics}


def _is_prefix(row: dict[str, Any], name: str) -> bool:
    # The source of a route is an address, that of a rule a prefix.
    return bool(row.get(name)) and (name == "destination" or "device" not in row)
