# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain librouteros client, which no one here wrote, gets along with the simulator."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from librouteros import connect as librouteros_connect
from librouteros.exceptions import ConnectionClosed, TrapError
from librouteros.query import Key

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

Start = Callable[..., Simulator]


@contextlib.contextmanager
def session(router: Simulator, **options: Any) -> Iterator[Any]:
    port = options.pop("port", router.port)
    with contextlib.closing(
        librouteros_connect("127.0.0.1", "admin", "", port=port, encoding="utf-8", **options)
    ) as api:
        yield api


@pytest.mark.parametrize("version", ["7.9", "7.16.1", "7.24"])
def test_add_select_update_and_remove(routeros: Start, version: str) -> None:
    with session(routeros("--version", version)) as api:
        identity = api.path("interface", "wireguard").add(name="wg0", **{"listen-port": 13231})
        peers = api.path("interface", "wireguard", "peers")
        assert tuple(peers) == ()
        first = peers.add(interface="wg0", comment="é 123", **{"allowed-address": "10.0.0.2/32"})
        second = peers.add(interface="wg0", disabled=True, **{"allowed-address": "10.0.0.3/32"})
        found = list(peers.select(Key(".id"), Key("comment")).where(Key("disabled") == "false"))
        assert found == [{".id": first, "comment": "é 123"}]
        assert len(list(peers.select(Key(".id")).where(Key("allowed-address").In("10.0.0.2/32", "10.0.0.3/32")))) == 2
        peers.update(**{".id": second, "persistent-keepalive": 25})
        assert [row.get("persistent-keepalive") for row in peers] == [None, "25s"]
        peers.remove(first, second)
        assert tuple(peers) == ()
        api.path("interface", "wireguard").remove(identity)
        assert next(iter(api.path("system", "resource")))["version"] == f"{version} (stable)"


def test_a_trap_leaves_the_session_usable(routeros: Start) -> None:
    with session(routeros()) as api:
        with pytest.raises(TrapError, match="input does not match any value of interface"):
            api.path("ip", "address").add(address="10.0.0.1/24", interface="nope")
        assert tuple(api.path("ip", "address")) == ()


def test_a_cut_connection_is_told(routeros: Start) -> None:
    router = routeros()
    with session(router) as api:
        router.fault("cut-inside-reply=1")
        with pytest.raises(ConnectionClosed):
            tuple(api.path("ip", "service"))


def test_anonymous_tls(routeros: Start) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ADH:@SECLEVEL=0")
    router = routeros("--tls-anonymous")
    with session(router, port=router.tls_port, ssl_wrapper=context.wrap_socket) as api:
        assert tuple(api.path("system", "identity")) == ({"name": "MikroTik"},)
