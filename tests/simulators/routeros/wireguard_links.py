# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WireGuard interfaces as devices of the namespace: the kernel's where it has them, else wireguard-go's.

Rules of this file: what has not changed since it was last realised is not touched, so that no packet is lost.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.forms import parse_duration
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.interface_names import Links
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.namespace_commands import (
    START_SECONDS,
    Namespace,
    PlaneError,
    Problems,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import (
    Configuration,
    PeerStatistics,
    Statistics,
)

NO_KEY = "A" * 43 + "="


@dataclass(frozen=True)
class DevicePeer:
    """What a device is told of a peer."""

    allowed: tuple[str, ...]
    preshared_key: str
    endpoint: str
    keepalive: int


@dataclass
class DeviceState:
    """What a device was told last."""

    private_key: str = ""
    port: str = ""
    mtu: str = ""
    up: bool = False
    peers: dict[str, DevicePeer] = field(default_factory=dict)


def wanted_devices(configuration: Configuration, links: Links) -> dict[str, DeviceState]:
    """Give what each link should be told; disabled peers and those whose interface is gone are nowhere."""
    devices = {}
    for row in configuration.get("/interface/wireguard", []):
        mtu = "1420" if row["mtu"] == "auto" else row["mtu"]
        state = DeviceState(row["private-key"], row["listen-port"], mtu, row["running"] == "true")
        devices[links.by_interface[row["name"]]] = state
    for row in configuration.get("/interface/wireguard/peers", []):
        link = links.of(row["interface"])
        if link in devices and row["disabled"] != "true" and row["public-key"]:
            devices[link].peers[row["public-key"]] = _peer(row)
    return devices


def _peer(row: dict[str, str]) -> DevicePeer:
    """A responder dials nobody: it has no endpoint but the one it learns (WireGuard manual)."""
    responder = "true" in (row.get("responder"), row.get("is-responder"))
    host, port = row["endpoint-address"], row["endpoint-port"]
    endpoint = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    keepalive = (parse_duration(row.get("persistent-keepalive", "0s")) or 0) // 1000
    return DevicePeer(
        tuple(filter(None, row["allowed-address"].split(","))),
        row["preshared-key"] or NO_KEY,
        "" if responder or not host or port == "0" else endpoint,
        0 if responder else keepalive,
    )


class WireguardLinks:
    """The devices that were made here."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._devices: dict[str, DeviceState] = {}
        self.moved = False
        self._to_dial: dict[str, dict[str, int]] = {}  # link, key: keepalive

    def commit(self, wanted: dict[str, DeviceState]) -> None:
        """Make, change and remove devices; ``moved`` tells whether a link came, went, or changed its state."""
        self.moved, problems = False, Problems()
        for link in set(self._devices) - set(wanted):
            self._namespace.attempt("ip", "link", "delete", link)
            del self._devices[link]
            self.moved = True
        for link, state in wanted.items():
            with problems:
                if link not in self._devices:
                    self._make(link)
                    self._devices[link] = DeviceState()
                self.moved |= self._change(link, self._devices[link], state)
                self._devices[link] = state
        problems.tell()

    def _make(self, link: str) -> None:
        if self._namespace.attempt("ip", "link", "add", link, "type", "wireguard").returncode == 0:
            return
        self._namespace.run("wireguard-go", link)
        deadline = time.monotonic() + START_SECONDS
        while self._namespace.attempt("wg", "show", link).returncode:
            if time.monotonic() > deadline:
                raise PlaneError(f"wireguard-go {link} does not answer")
            time.sleep(0.02)

    def _change(self, link: str, told: DeviceState, state: DeviceState) -> bool:
        gone = [key for key, peer in told.peers.items() if _forget(peer, state.peers.get(key))]
        if gone:
            words = [word for key in gone for word in ("peer", key, "remove")]
            self._namespace.run("wg", "set", link, *words)
        left = {key: peer for key, peer in told.peers.items() if key not in gone}
        if text := "\n".join(self._config(told, state, left)):
            self._namespace.run("wg", "addconf", link, "/dev/stdin", text=text + "\n")
        if told.mtu != state.mtu:
            self._namespace.run("ip", "link", "set", link, "mtu", state.mtu)
        if told.up != state.up:
            self._namespace.run("ip", "link", "set", link, "up" if state.up else "down")
        fresh = [key for key, peer in state.peers.items() if peer.endpoint and _dials_anew(told, left.get(key), peer)]
        if state.up:
            self._to_dial.setdefault(link, {}).update({key: state.peers[key].keepalive for key in fresh})
        return told.up != state.up

    def dial(self) -> None:
        """Let new peers with an endpoint start a handshake: a router does not wait for traffic (wg-portal).

        A device sends at once when its keepalive is switched on, and goes on trying when it is switched off again.
        """
        for link, keys in self._to_dial.items():
            for turn in (lambda keepalive: 0 if keepalive else 1, lambda keepalive: keepalive):
                words = [("peer", key, "persistent-keepalive", str(turn(each))) for key, each in keys.items()]
                if words:
                    self._namespace.run("wg", "set", link, *(word for each in words for word in each))
        self._to_dial = {}

    def _config(self, told: DeviceState, state: DeviceState, left: dict[str, DevicePeer]) -> Iterator[str]:
        interface = []
        if told.private_key != state.private_key:
            interface.append(f"PrivateKey = {state.private_key}")
        if told.port != state.port:
            interface.append(f"ListenPort = {state.port}")
        if interface:
            yield from ("[Interface]", *interface)
        for key, peer in state.peers.items():
            if left.get(key) == peer:
                continue
            yield from ("[Peer]", f"PublicKey = {key}", f"PresharedKey = {peer.preshared_key}")
            yield f"PersistentKeepalive = {peer.keepalive}"
            if peer.allowed:
                yield f"AllowedIPs = {', '.join(peer.allowed)}"
            endpoint = self._resolved(peer.endpoint)
            if endpoint and (key not in left or left[key].endpoint != peer.endpoint):
                yield f"Endpoint = {endpoint}"

    def _resolved(self, endpoint: str) -> str:
        """Give an endpoint by address; empty if its name cannot be resolved now."""
        host, _colon, port = endpoint.rpartition(":")
        try:
            ipaddress.ip_address(host.strip("[]") or "0.0.0.0")  # noqa: S104 # stands for no endpoint
        except ValueError:
            found = self._namespace.attempt("getent", "ahosts", host).stdout.split()
            if not found:
                return ""
            return f"[{found[0]}]:{port}" if ":" in found[0] else f"{found[0]}:{port}"
        return endpoint

    def statistics(self, links: Links) -> Statistics:
        """Ask all devices what they have seen."""
        names = {link: name for name, link in links.by_interface.items()}
        found: Statistics = {}
        for line in self._namespace.run("wg", "show", "all", "dump").splitlines() if self._devices else []:
            words = line.split("\t")
            if len(words) == 9 and words[0] in self._devices:
                found[names[words[0]], words[1]] = _seen(words)
        return found

    def close(self) -> None:
        """Remove all devices."""
        for link in self._devices:
            self._namespace.attempt("ip", "link", "delete", link)
        self._devices = {}


def _seen(words: list[str]) -> PeerStatistics:
    """Read a peer's line of ``wg show all dump``."""
    _link, _key, _preshared, endpoint, _allowed, handshake, received, sent, _keepalive = words
    host, _colon, port = endpoint.rpartition(":")
    age = max(0, int(time.time()) - int(handshake)) if handshake != "0" else None
    known = endpoint != "(none)"
    return PeerStatistics(int(received), int(sent), age, host.strip("[]") if known else "", int(port) if known else 0)


def _dials_anew(told: DeviceState, before: DevicePeer | None, peer: DevicePeer) -> bool:
    return not told.up or before is None or before.endpoint != peer.endpoint


def _forget(told: DevicePeer, wanted: DevicePeer | None) -> bool:
    """Whether a peer has to be removed: it is gone, or it has an endpoint no more, which no device can unlearn."""
    return wanted is None or bool(told.endpoint and not wanted.endpoint)
