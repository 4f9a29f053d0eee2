# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router of a test: a simulated one, or the one that the environment names. A test does not know which.

Rules of this file: all that a test needs of a router goes over its API, and what it makes is removed when it ends. What
it asks by the collection goes through a relay, which counts and cuts. What only a simulator can do is asked of
`simulator`, in tests that the marker `simulator` keeps from a device and tells why.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import public_key
from ansible_collections.wgfleet.wireguard.tests.conformance.routeros_judge import RouterJudge
from ansible_collections.wgfleet.wireguard.tests.device import access
from ansible_collections.wgfleet.wireguard.tests.device.access import Login
from ansible_collections.wgfleet.wireguard.tests.device.relay import Relay
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator
from ansible_collections.wgfleet.wireguard.tests.unit.simulators.api_client import Client, attributes

PASSWORD = "correct horse"
DEVICE, SIMULATED = "routeros-device", "routeros-simulated"
NAME = "wgfleet-test"  # of what a test makes beside what is tested
# What someone else has configured. Nothing of it is in the way of a device's packets.
FOREIGN: dict[str, list[dict[str, str]]] = {
    "/interface/wireguard": [{"name": "theirs", "listen-port": "999"}],
    "/interface/wireguard/peers": [
        {"interface": "theirs", "allowed-address": "10.66.0.0/16", "public-key": str(public_key())}
    ],
    "/ip/address": [{"address": "192.0.2.1/24", "interface": "theirs", "comment": "yes"}],
    "/ip/route": [{"dst-address": "10.77.0.0/16", "gateway": "192.0.2.254", "comment": "123"}],
    "/ip/firewall/filter": [{"chain": NAME, "action": "drop", "in-interface": "theirs", "comment": "mine"}],
}
_OURS = ("wg0", "wg1")
_TAGGED = ("/ip/firewall/filter", "/ipv6/firewall/filter", "/interface/list/member")


@dataclass
class Target:
    """A router, and how tests reach it. ``simulator`` is None where it is a device."""

    login: Login
    relay: Relay
    simulator: Simulator | None
    _added: list[tuple[str, str]] = field(default_factory=list)

    @property
    def access(self) -> Access:
        """Give the way in that the collection takes."""
        seconds = 5 if self.simulator else 30
        return Access(
            "127.0.0.1", self.login.username, self.login.password, port=self.relay.port, tls=False, timeout=seconds
        )

    @property
    def tls(self) -> Access:
        """Give the way in by TLS, where the certificate is one that nobody vouches for."""
        if not self.login.tls_port:
            pytest.skip("ROUTEROS_TLS_PORT names no port of the TLS API")
        host, username, password, _port, port = self.login
        return Access(host, username, password, port=port, timeout=5 if self.simulator else 30)

    @property
    def release(self) -> tuple[int, int]:
        """Give major and minor number of the router's version."""
        with self.client() as client:
            version = client.rows("/system/resource")[0]["version"]
        major, minor = re.findall(r"\d+", version)[:2]
        return int(major), int(minor)

    @contextlib.contextmanager
    def client(self) -> Iterator[Client]:
        """Give a session of a client that hides nothing."""
        host, username, password, port, _tls_port = self.login
        with contextlib.closing(Client(port, username, password, host=host)) as client:
            yield client

    def rows(self, menu: str) -> list[dict[str, str]]:
        """Give a menu's rows as a user with all policies sees them."""
        if self.simulator:
            return self.simulator.rows(menu)
        words = ["=show-sensitive="] if menu.startswith("/interface/wireguard") and self.release >= (7, 21) else []
        with self.client() as client:
            return client.rows(menu, *words)

    def add(self, menu: str, **values: str) -> str:
        """Add a row that is there until the end of the test; underscores in names are dashes."""
        with self.client() as client:
            added = client.add(menu, **values)
        self._added.append((menu, added))
        return added

    def do(self, command: str, **values: str) -> None:
        """Give one command; underscores in names are dashes."""
        with self.client() as client:
            answer = client.run(command, *attributes(values))
        assert answer.trap is None, answer.trap

    def user(self, *policies: str) -> dict[str, str]:
        """Make a user of a group with these policies only, and give what it logs in with."""
        self.add("/user/group", name=NAME, policy=",".join(policies))
        self.add("/user", name=NAME, group=NAME, password=PASSWORD)
        return {"username": NAME, "password": PASSWORD}

    def another_interface(self) -> str:
        """Give the name of an interface that is no WireGuard."""
        return next(row["name"] for row in self.rows("/interface") if row["type"] == "ether")

    def writes(self) -> list[str]:
        """Give the paths of all writes of the collection so far."""
        return self.relay.writes()

    def fault(self, text: str) -> None:
        """Set a fault of the simulator."""
        assert self.simulator, "a test that needs this has the marker `simulator`, with a reason"
        self.simulator.fault(text)

    def sow(self) -> None:
        """Configure what is someone else's."""
        for menu, rows in FOREIGN.items():
            for row in rows:
                self.add(menu, **row)

    def clear(self) -> None:
        """Remove what tests make, also what an earlier one left."""
        with contextlib.closing(RouterJudge(self.login)) as judge, self.client() as client:
            judge.clear(*_OURS)
            for menu, added in reversed(self._added):
                client.run(f"{menu}/remove", f"=.id={added}")
            judge.clear("theirs")
            for menu in _TAGGED:
                self._remove(client, menu, [row for row in client.rows(menu) if _is_of_a_test(row)])
            self._remove(client, "/ip/route", client.rows("/ip/route", "?comment=123", "?dst-address=10.77.0.0/16"))
            for menu in ("/user", "/user/group", "/interface/list"):
                self._remove(client, menu, client.rows(menu, f"?name={NAME}"))

    def _remove(self, client: Client, menu: str, rows: list[dict[str, str]]) -> None:
        for row in rows:
            client.run(f"{menu}/remove", f"=.id={row['.id']}")


def _is_of_a_test(row: dict[str, str]) -> bool:
    return row.get("comment", "").startswith(("wgfleet corp: ", "wgfleet wg0: ")) or row.get("chain") == NAME


@contextlib.contextmanager
def simulated(*flags: str) -> Iterator[Target]:
    """A simulated router, as a process of its own."""
    with simulator(*flags) as running:
        login = Login("127.0.0.1", "admin", "", running.port, running.tls_port)
        with contextlib.closing(Relay(login.host, login.port)) as relay:
            yield Target(login, relay, running)


@contextlib.contextmanager
def device(login: Login) -> Iterator[Target]:
    """The router of the environment."""
    with contextlib.closing(Relay(login.host, login.port)) as relay:
        yield Target(login, relay, None)


@contextlib.contextmanager
def target_of(request: pytest.FixtureRequest, writes: bool) -> Iterator[Target]:
    """Give the router that a test is to have: ``simulator(*flags, device=REASON)`` is the marker for both kinds."""
    marker = request.node.get_closest_marker("simulator") or pytest.mark.simulator().mark
    if request.param == SIMULATED:
        with simulated(*marker.args) as target:
            yield target
        return
    if reason := marker.kwargs.get("device"):
        pytest.skip(f"not on a device: {reason}")
    login = access.device_login()
    if login is None or access.missing(writes):
        pytest.skip(access.missing(writes))
    with device(login) as target:
        yield target
