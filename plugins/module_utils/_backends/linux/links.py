# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One network interface by its name: its link and its addresses.

Rules of this file: what is to be there and is, or is to be gone and is, is no error: a run that was killed is repeated.
What the kernel drops on the side is put back at once. A link-local address that the kernel made by itself (it does so
on tun devices) is not seen; one that was declared is.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import contextmanager
from typing import Any, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.namespaces import open_namespace
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.routing import Fields, Routing
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.rtnetlink import (
    ADD,
    DELADDR,
    DELLINK,
    GETLINK,
    NEWADDR,
    NEWLINK,
    SET,
    Refused,
    Rtnetlink,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import NoSuchInterface, NoWireguard
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET, Partial, Unset
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    InterfaceAddress,
    parse_interface_address,
)

_IFF_UP = 0x1  # linux/if.h
_IFA_F_STABLE_PRIVACY = 0x800  # linux/if_addr.h: the kernel made the interface part itself
_RT_SCOPE_LINK = 253  # linux/rtnetlink.h
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Link(NamedTuple):
    """What the kernel says of a link. `kind` is what `ip -d link` prints, such as wireguard or tun."""

    number: int
    kind: str
    mtu: int
    up: bool


class Links:
    """The link of one name in one namespace. `routing` is what hangs on it."""

    def __init__(self, name: str, netns: str | None = None) -> None:
        self.name = name
        self._netns = netns
        self._channel = Rtnetlink(netns)
        self._host = self._channel if netns is None else Rtnetlink()
        self._index = 0
        self._routes_of_others: frozenset[Fields] = frozenset()  # that stood before an address was removed
        self.routing = Routing(self._channel, name, self.index)

    def read(self) -> Link | None:
        """Give the link, or None where there is none of that name."""
        try:
            rows = self._channel.send("link", GETLINK, SET, "read " + self.name, ifname=self.name)
        except Refused as error:
            if error.code != errno.ENODEV:
                raise
            self._index = 0
            return None
        row = rows[0]
        information = row.get_attr("IFLA_LINKINFO")
        kind = information.get_attr("IFLA_INFO_KIND") if information is not None else None
        self._index = row["index"]
        return Link(self._index, kind or "", row.get_attr("IFLA_MTU"), bool(row["flags"] & _IFF_UP))

    def addresses(self) -> frozenset[InterfaceAddress]:
        """Give the addresses that someone put on the interface."""
        index = self.index()
        rows = self._channel.dump("addr", "read the addresses of " + self.name, index=index)
        return frozenset(_address(row) for row in rows if row["index"] == index and not _made_by_kernel(row))

    def create(self) -> None:
        """Create a WireGuard link of the kernel's own kind.

        Its UDP socket belongs to the namespace of the request, which is the caller's, and the link to that of this
        object: one request does both, so that there is never a link in the wrong place.
        """
        what = "create the WireGuard interface " + self.name
        try:
            with self._target() as target:
                self._host.send("link", NEWLINK, ADD, what, ifname=self.name, kind="wireguard", **target)
        except Refused as error:
            if error.code == errno.EOPNOTSUPP:
                raise NoWireguard(
                    "this kernel knows no WireGuard interfaces: load its module (modprobe wireguard)"
                ) from None
            raise

    def fetch(self) -> None:
        """Move the link of this name from the caller's namespace to that of this object."""
        found = Links(self.name)
        try:
            index = found.index()
        finally:
            found.close()
        with self._target() as target:
            self._host.send("link", NEWLINK, SET, f"move {self.name} to {self._netns}", index=index, **target)

    def remove(self) -> None:
        """Remove the link, and with it its addresses and routes."""
        link = self.read()
        if link is not None:
            self._channel.send("link", DELLINK, SET, "remove " + self.name, index=link.number)

    def change(self, mtu: Partial[int] = UNSET, up: Partial[bool] = UNSET) -> None:
        """Set the MTU, and whether the link is up, in one request."""
        fields: dict[str, Any] = {} if isinstance(mtu, Unset) else {"mtu": mtu}
        if not isinstance(up, Unset):
            fields.update(flags=_IFF_UP if up else 0, change=_IFF_UP)
        # A link that goes down loses its IPv6 addresses. Its routes go too, and cannot be there while it is down.
        addresses = self.addresses() if up is False else frozenset()
        self._channel.send("link", NEWLINK, SET, "change " + self.name, index=self.index(), **fields)
        self._put_back(addresses)

    def add_address(self, address: InterfaceAddress) -> None:
        """Put an address on the interface. The kernel takes an IPv6 address once only, whatever its length."""
        for present in self.addresses() if address.version == 6 else ():
            if present.packed == address.packed and present != address:
                self.remove_address(present)
        self._send_address(NEWADDR, ADD, address, harmless=errno.EEXIST)
        self.routing.put_back(self._routes_of_others)

    def remove_address(self, address: InterfaceAddress) -> None:
        """Take an address off the interface, and nothing else.

        With an IPv4 address the kernel drops those that share its prefix, and with the last one all IPv4 routes,
        whoever made them. Of others, those whose gateway only a later address reaches come back with that.
        """
        addresses, routes = self.addresses() - {address}, self.routing.routes()
        self._routes_of_others |= self.routing.of_others()
        self._send_address(DELADDR, SET, address, harmless=errno.EADDRNOTAVAIL)
        self._put_back(addresses)
        for route in routes - self.routing.routes():
            self.routing.add_route(route)
        self.routing.put_back(self._routes_of_others)

    def index(self) -> int:
        """Give the number of the link. Raises NoSuchInterface."""
        if not self._index and self.read() is None:
            raise NoSuchInterface(f"there is no interface {self.name}")
        return self._index

    def close(self) -> None:
        """Close the sockets. May be called twice."""
        self._channel.close()
        self._host.close()

    def _put_back(self, addresses: frozenset[InterfaceAddress]) -> None:
        for address in addresses - self.addresses() if addresses else ():
            self._send_address(NEWADDR, ADD, address, harmless=errno.EEXIST)

    def _send_address(self, message: int, flags: int, address: InterfaceAddress, harmless: int) -> None:
        what = f"{'add' if message == NEWADDR else 'remove'} the address {address} on {self.name}"
        fields = {"family": _FAMILIES[address.version], "address": str(address.ip), "prefixlen": address.length}
        try:
            self._channel.send("addr", message, flags, what, index=self.index(), **fields)
        except Refused as error:
            if error.code != harmless:
                raise

    @contextmanager
    def _target(self) -> Iterator[dict[str, int]]:
        if self._netns is None:
            yield {}
            return
        descriptor = open_namespace(self._netns)
        try:
            yield {"net_ns_fd": descriptor}
        finally:
            os.close(descriptor)


def _address(row: Any) -> InterfaceAddress:
    # IFA_ADDRESS is the far end where a point-to-point address has one.
    text = row.get_attr("IFA_LOCAL") or row.get_attr("IFA_ADDRESS")
    return parse_interface_address(f"{text}/{row['prefixlen']}")


def _made_by_kernel(row: Any) -> bool:
    flags = row.get_attr("IFA_FLAGS") or row["flags"]
    link_local = row["family"] == socket.AF_INET6 and row["scope"] == _RT_SCOPE_LINK
    return link_local and bool(flags & _IFA_F_STABLE_PRIVACY)
