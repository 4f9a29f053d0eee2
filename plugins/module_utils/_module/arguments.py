# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specifications as values that can be added, and the way from a module's parameters to options.

Every option is written here once; its documentation is in the fragment of the same name below `doc_fragments`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from ansible.module_utils.basic import env_fallback

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import (
    AUTO,
    MASQUERADE,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.default_route import METHODS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    INTERFACE_OPTIONS,
    PEER_OPTIONS,
    PERSIST_KINDS,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    ALL_FIREWALLS,
    FIREWALLS,
)


@dataclass(frozen=True)
class Arguments:
    """What AnsibleModule needs to know of a module's options."""

    spec: Mapping[str, Mapping[str, Any]]
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = field(default=())

    def __add__(self, other: Arguments) -> Arguments:
        return Arguments(
            {**self.spec, **other.spec},
            (*self.mutually_exclusive, *other.mutually_exclusive),
            (*self.required_one_of, *other.required_one_of),
            (*self.required_together, *other.required_together),
        )

    def for_ansible(self) -> dict[str, Any]:
        """Give the keyword arguments of AnsibleModule."""
        return {
            "argument_spec": {name: dict(option) for name, option in self.spec.items()},
            "mutually_exclusive": list(self.mutually_exclusive),
            "required_one_of": list(self.required_one_of),
            "required_together": list(self.required_together),
            "supports_check_mode": True,
        }


_STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
_ADOPT = {"type": "bool", "default": True}
_PEER_OPTIONS: dict[str, dict[str, Any]] = {
    "public_key": {"type": "str", "required": True, "no_log": False},
    "state": _STATE,
    "preshared_key": {"type": "str", "no_log": True},
    "endpoint_host": {"type": "str"},
    "endpoint_port": {"type": "int"},
    "allowed_ips": {"type": "list", "elements": "str"},
    "persistent_keepalive": {"type": "int"},
    "name": {"type": "str"},
}
_ROUTEROS_PEER_OPTIONS: dict[str, dict[str, Any]] = {
    "comment": {"type": "str"},
    "enabled": {"type": "bool"},
    "responder": {"type": "bool"},
    "private_key": {"type": "str", "no_log": True},
    "client_address": {"type": "list", "elements": "str"},
    "client_dns": {"type": "list", "elements": "str"},
    "client_endpoint": {"type": "str"},
    "client_keepalive": {"type": "int"},
    "client_listen_port": {"type": "int"},
    "client_allowed_address": {"type": "list", "elements": "str"},
}
_REQUIRED, _OPTIONAL = {"type": "str", "required": True}, {"type": "str"}


def _dictionaries(**options: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


_RULE_OPTIONS: dict[str, dict[str, Any]] = {
    "version": {"type": "int", "choices": [4, 6], "default": 4},
    "priority": {"type": "int", "required": True},
    "table": {"type": "int", "default": 254},
    "fwmark": {"type": "str"},
    "invert": {"type": "bool", "default": False},
    "source": {"type": "str"},
    "destination": {"type": "str"},
    "suppress_prefixlength": {"type": "int"},
}
_GATEWAY_OPTIONS: dict[str, dict[str, Any]] = {
    "forwarding": {"type": "list", "elements": "str", "choices": list(FAMILIES), "default": []},
    "listen_ports": {"type": "list", "elements": "int", "default": []},
    "forward_pairs": _dictionaries(local=_REQUIRED, remote=_REQUIRED, interface=_OPTIONAL),
    "list_members": _dictionaries(list=_REQUIRED, interface=_REQUIRED),
    "accept_from": _dictionaries(source=_REQUIRED, interface=_REQUIRED),
    "outbound": _dictionaries(
        source=_REQUIRED,
        interface=_REQUIRED,
        out_interface={"type": "str", "default": AUTO},
        translation={"type": "str", "default": MASQUERADE},
    ),
    "clamp_mss": {"type": "list", "elements": "str", "default": []},
    "proxy_arp": {"type": "list", "elements": "str", "default": []},
    "proxy_ndp": _dictionaries(interface=_REQUIRED, address=_REQUIRED),
    "serve_dns": _dictionaries(source=_REQUIRED, interface=_REQUIRED),
    "firewall": {"type": "str", "choices": list(FIREWALLS), "default": ALL_FIREWALLS},
}
_DEFAULT_ROUTE_OPTIONS: dict[str, dict[str, Any]] = {
    "method": {"type": "str", "choices": list(METHODS), "default": "fwmark"},
    "families": {"type": "list", "elements": "str", "choices": list(FAMILIES)},
    "table": {"type": "int", "default": 51820},
    "kill_switch": {"type": "bool", "default": False},
    "keep": {"type": "list", "elements": "str", "default": []},
}
_PROBE_OPTIONS: dict[str, dict[str, Any]] = {
    "probe_timeout": {"type": "int", "default": 0},
    "probe_peers": {"type": "list", "elements": "str", "no_log": False},
    "controller_time": {"type": "float"},
}
_ONLY_BESIDE_CONFIG = ("state",)  # it has a default, which must not clash with config

INTERFACE = Arguments(
    {
        "name": {"type": "str"},
        "config": {"type": "str", "no_log": True},
        "state": _STATE,
        "private_key": {"type": "str", "no_log": True},
        "private_key_file": {"type": "path", "no_log": False},
        "expected_public_key": {"type": "str", "no_log": False},
        "listen_port": {"type": "int"},
        "fwmark": {"type": "str"},
        "mtu": {"type": "int"},
        "enabled": {"type": "bool"},
        "start": {"type": "bool"},
        "addresses": {"type": "list", "elements": "str"},
        "routes": {"type": "list", "elements": "str"},
        "route_table": {"type": "int"},
        "route_metric": {"type": "int"},
        "peers": {"type": "list", "elements": "dict", "options": _PEER_OPTIONS},
        "purge_peers": {"type": "bool"},
        "gateway": {"type": "dict", "options": _GATEWAY_OPTIONS},
        "adopt": _ADOPT,
        **_PROBE_OPTIONS,
    },
    mutually_exclusive=(("private_key", "private_key_file"),),
    required_one_of=(("name", "config"),),
)
LINUX_INTERFACE = Arguments(
    {
        "rules": {"type": "list", "elements": "dict", "options": _RULE_OPTIONS},
        "persist": {"type": "str", "choices": list(PERSIST_KINDS)},
        "default_route": {"type": "dict", "options": _DEFAULT_ROUTE_OPTIONS},
    }
)
ROUTEROS_INTERFACE = Arguments(
    {
        "peers": {"type": "list", "elements": "dict", "options": {**_PEER_OPTIONS, **_ROUTEROS_PEER_OPTIONS}},
        "comment": {"type": "str"},
        "vrf": {"type": "str"},
        "ignore_unknown_properties": {"type": "bool"},
    }
)
PEER = Arguments({"interface": {"type": "str", "required": True}, **_PEER_OPTIONS})
ROUTEROS_PEER = Arguments(_ROUTEROS_PEER_OPTIONS)
INFO = Arguments(
    {
        "name": {"type": "str"},
        **_PROBE_OPTIONS,
        "probe_await": {"type": "list", "elements": "str", "no_log": False},
    }
)
KEYPAIR = Arguments(
    {
        "path": {"type": "path", "required": True},
        "state": _STATE,
        "private_key": {"type": "str", "no_log": True},
        "interface": {"type": "str"},
        "adopt": _ADOPT,
    }
)
GATEWAY = Arguments({"name": {"type": "str", "required": True}, "state": _STATE, **_GATEWAY_OPTIONS})
LINUX = Arguments(
    {
        "netns": {"type": "str"},
        "implementation": {"type": "str", "choices": ["auto", "kernel", "userspace"], "default": "auto"},
        "userspace_program": {"type": "str", "default": "wireguard-go"},
    }
)


def _set_in_environment(name: str) -> Any:
    """Give what a variable is set to. AWX sets those of fields that were left empty to an empty text: it is none."""
    return env_fallback(name) if os.environ.get(name) else env_fallback()


def _from_environment(name: str, **option: Any) -> dict[str, Any]:
    return {**option, "fallback": (_set_in_environment, [name])}


ROUTEROS = Arguments(
    {
        "hostname": _from_environment("ROUTEROS_HOST", type="str", required=True),
        "port": _from_environment("ROUTEROS_PORT", type="int"),
        "username": _from_environment("ROUTEROS_USERNAME", type="str", required=True),
        "password": _from_environment("ROUTEROS_PASSWORD", type="str", default="", no_log=True),
        "password_file": _from_environment("ROUTEROS_PASSWORD_FILE", type="path", no_log=False),
        "tls": _from_environment("ROUTEROS_TLS", type="bool", default=True),
        "tls_anonymous": _from_environment("ROUTEROS_TLS_ANONYMOUS", type="bool", default=False),
        "validate_certs": _from_environment("ROUTEROS_VALIDATE_CERTS", type="bool", default=True),
        "ca_path": _from_environment("ROUTEROS_CA_PATH", type="path"),
        "timeout": _from_environment("ROUTEROS_TIMEOUT", type="int", default=30),
        "encoding": {"type": "str", "default": "utf-8"},
    }
)

_CONFIG_OPTIONS = INTERFACE_OPTIONS | {"private_key_file", "expected_public_key", "gateway"}


def interface_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of an interface: those in `config` where it is given, else the parameters themselves.

    Raises InvalidInput where config is no JSON object or stands beside options that it should contain.
    """
    given = {name: value for name, value in params.items() if value is not None and name in _CONFIG_OPTIONS}
    if params.get("config") is None:
        return {name: without_none(value) for name, value in given.items()}
    beside = sorted(given.keys() - set(_ONLY_BESIDE_CONFIG))
    if beside:
        raise InvalidInput([Problem(name, "cannot stand beside config: put it into config") for name in beside])
    try:
        options = json.loads(params["config"])
    except ValueError:
        raise InvalidInput([Problem("config", "is no JSON")]) from None
    if not isinstance(options, dict):
        raise InvalidInput([Problem("config", "is no JSON object")])
    return options


def peer_options(params: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of one peer."""
    return {name: value for name, value in params.items() if value is not None and name in PEER_OPTIONS}


def with_key_from_file(
    options: Mapping[str, Any], may_be_missing: bool, make_key: Callable[[], PrivateKey]
) -> dict[str, Any]:
    """Replace `private_key_file` by the key that it holds. Raises InvalidInput.

    A check comes before the run that makes the file. Then a key that belongs to nobody stands for the one to come,
    unless it is known already which that has to be.
    """
    rest = {name: value for name, value in options.items() if name != "private_key_file"}
    path = options.get("private_key_file")
    if not path:
        return rest
    try:
        return {**rest, "private_key": Path(path).read_text(encoding="ascii", errors="replace").strip()}
    except FileNotFoundError:
        if may_be_missing:
            return rest if rest.get("expected_public_key") else {**rest, "private_key": make_key().reveal()}
        advice = (
            f"{path} does not exist; the module wgfleet.wireguard.keypair makes it. Where a registry pins the public"
            " half of a key that is lost, remove that there, and the role makes a new one"
        )
        raise InvalidInput([Problem("private_key_file", advice)]) from None
    except OSError as error:
        raise InvalidInput([Problem("private_key_file", f"{path} cannot be read: {error.strerror}")]) from None


def without_none(value: Any) -> Any:
    """Leave out of dictionaries what was not given, which Ansible fills with None."""
    if isinstance(value, list):
        return [without_none(item) for item in value]
    if isinstance(value, dict):
        return {name: without_none(item) for name, item in value.items() if item is not None}
    return value
