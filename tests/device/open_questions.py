# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a router what no source is sure of, and tell where the simulator of its release answers otherwise.

Rules of this file: each question has a connection of its own, makes rows of its own (named wgfleet-ask, or hanging on
such) and takes them away again, whatever happened. An answer is the text that both a router and the simulator give
where they behave alike.
"""

from __future__ import annotations

import base64
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import librouteros
from librouteros.exceptions import FatalError, LibRouterosError, TrapError

from ansible_collections.wgfleet.wireguard.tests.device.access import Login, device_login, missing
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import simulator

NAME = "wgfleet-ask"
WIREGUARD, PEERS, FILTER = "/interface/wireguard", "/interface/wireguard/peers", "/ip/firewall/filter"
NO_ID = "*FFFFFF"


class NotAsked(Exception):
    """A question that this router cannot be asked."""


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def word(value: Any) -> str:
    """Give the text that librouteros took for a boolean or a number."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def told(error: TrapError) -> str:
    return f"{error} (category {'none' if error.category is None else error.category})"


class Asker:
    """A connection that removes what it added."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self._added: list[tuple[str, str]] = []
        self.api = self.connect()

    def connect(self, **changes: Any) -> librouteros.api.Api:
        options = {"password": self.login.password, "port": self.login.port, "encoding": "utf-8", "timeout": 20}
        return librouteros.connect(self.login.host, self.login.username, **{**options, **changes})

    def ask(self, path: str, *words: str) -> list[dict[str, str]]:
        rows = self.api.rawCmd(path, *words)
        return [{name: word(value) for name, value in row.items()} for row in rows]

    def add(self, menu: str, **attributes: str) -> str:
        """Add a row and give its id."""
        words = [f"={name.replace('_', '-')}={value}" for name, value in attributes.items()]
        added = self.ask(menu + "/add", *words)[-1]["ret"]
        self._added.append((menu, added))
        return added

    def interface(self, number: int = 1, **attributes: str) -> str:
        """Add a WireGuard interface and give its name."""
        name = f"{NAME}{number}"
        self.add(WIREGUARD, name=name, **attributes)
        return name

    def row(self, menu: str, identity: str) -> dict[str, str]:
        return next((row for row in self.ask(menu + "/print") if row.get(".id") == identity), {})

    def outcome(self, menu: str, **attributes: str) -> str:
        """Add a row and give what was said of it."""
        try:
            self.add(menu, **attributes)
        except TrapError as error:
            return told(error)
        return "accept"

    def twice(self, menu: str, **attributes: str) -> str:
        """Add a row, add it again, and give what was said of the second."""
        self.add(menu, **attributes)
        return self.outcome(menu, **attributes)

    def since(self, *release: int) -> None:
        """Raise NotAsked where the router is older."""
        version = self.ask("/system/resource/print")[0]["version"].split()[0]
        major, minor = version.split(".")[:2]
        if (int(major), int("".join(filter(str.isdigit, minor[:2])))) < release:
            raise NotAsked(f"RouterOS {version} is too old")

    def close(self) -> None:
        """Remove all that was added, the last first, by a new connection where this one is lost."""
        with contextlib.suppress(LibRouterosError, OSError):
            self.api.close()
        with contextlib.closing(self.connect()) as api:
            for menu, identity in reversed(self._added):
                with contextlib.suppress(TrapError):  # some are gone already
                    tuple(api.rawCmd(menu + "/remove", f"=.id={identity}"))


def _secrets_in_print(at: Asker) -> str:
    at.since(7, 21)
    name = at.interface()
    [row] = at.ask(WIREGUARD + "/print", f"?name={name}")
    return "shown" if len(row.get("private-key", "")) == 44 else f"hidden: {row.get('private-key', 'absent')}"


def _bad_key(at: Asker) -> str:
    return at.outcome(PEERS, interface=at.interface(), public_key="abc", allowed_address="192.0.2.1/32")


def _key_on_other_interface(at: Asker) -> str:
    wanted = {"public_key": key(), "allowed_address": "192.0.2.1/32"}
    at.add(PEERS, interface=at.interface(1), **wanted)
    return at.outcome(PEERS, interface=at.interface(2), **wanted)


def _key_again(at: Asker) -> str:
    wanted = {"interface": at.interface(), "public_key": key()}
    at.add(PEERS, allowed_address="192.0.2.1/32", **wanted)
    return at.outcome(PEERS, allowed_address="192.0.2.2/32", **wanted)


def _allowed_overlap(at: Asker) -> str:
    name = at.interface()
    lists = ("198.51.100.0/24", "198.51.100.0/24", "198.51.100.128/25")
    said = [at.outcome(PEERS, interface=name, public_key=key(), allowed_address=each) for each in lists]
    held = [row.get("allowed-address", "none") for row in at.ask(PEERS + "/print", f"?interface={name}")]
    return f"{', '.join(said[1:])}; printed {', '.join(held)}"


def _port_conflict(at: Asker) -> str:
    at.interface(1, listen_port="47113")
    said = at.outcome(WIREGUARD, name=f"{NAME}2", listen_port="47113")
    rows = [row for row in at.ask(WIREGUARD + "/print") if row["name"].startswith(NAME)]
    return f"{said}; running {', '.join(row['running'] for row in rows)}"


def _listen_port_unset(at: Asker) -> str:
    name = at.interface()
    [row] = at.ask(WIREGUARD + "/print", f"?name={name}")
    return "13231" if row["listen-port"] == "13231" else "another"


def _keepalive_zero(at: Asker) -> str:
    peer = at.add(PEERS, interface=at.interface(), public_key=key(), allowed_address="192.0.2.1/32")
    at.ask(PEERS + "/set", f"=.id={peer}", "=persistent-keepalive=0s")
    return at.row(PEERS, peer).get("persistent-keepalive", "absent")


def _bare_allowed_address(at: Asker) -> str:
    name = at.interface()
    wanted = ("192.0.2.2", "198.51.100.2/24")
    peers = [at.add(PEERS, interface=name, public_key=key(), allowed_address=each) for each in wanted]
    return ", ".join(at.row(PEERS, peer).get("allowed-address", "absent") for peer in peers)


def _login_category(at: Asker) -> str:
    try:
        at.connect(password=key()).close()
    except TrapError as error:
        return told(error)
    return "accept"


def _no_item(at: Asker) -> str:
    try:
        at.ask(WIREGUARD + "/set", f"=.id={NO_ID}", f"=comment={NAME}")
    except TrapError as error:
        return told(error)
    return "accept"


def _remove_list(at: Asker) -> str:
    first = at.add("/interface/list", name=NAME)
    try:
        at.ask("/interface/list/remove", f"=.id={first},{NO_ID}")
    except TrapError as error:
        return f"{'all-or-nothing' if at.row('/interface/list', first) else 'until-error'}: {told(error)}"
    return "accept"


def _client_allowed_address(at: Asker) -> str:
    at.since(7, 21)
    peer = at.add(PEERS, interface=at.interface(), public_key=key(), allowed_address="192.0.2.1/32")
    return at.row(PEERS, peer).get("client-allowed-address") or "empty"


def _unknown_proplist(at: Asker) -> str:
    try:
        return f"ignore: {', '.join(sorted(at.ask('/system/resource/print', '=.proplist=platform,wgfleet-ask')[0]))}"
    except TrapError as error:
        return told(error)


def _absent_equals_empty(at: Asker) -> str:
    name = at.interface()
    return "yes" if at.ask(WIREGUARD + "/print", f"?name={name}", "?comment=") else "no"


def _before_dummy(at: Asker) -> str:
    """Use a chain that nothing jumps to, so that no packet sees the rules."""
    at.add(FILTER, chain=NAME, action="fasttrack-connection")
    rules = at.ask(FILTER + "/print")
    dummy = next((row[".id"] for row in rules if row.get("dynamic") == "true"), None)
    if dummy is None:
        return "there is no dummy"
    added = at.outcome(FILTER, chain=NAME, action="accept", place_before=dummy)
    rule = at.add(FILTER, chain=NAME, action="accept")
    try:
        at.ask(FILTER + "/move", f"=.id={rule}", f"=destination={dummy}")
    except TrapError as error:
        return f"place-before: {added}; move: {told(error)}"
    return f"place-before: {added}; move: accept"


def _duplicate_list(at: Asker) -> str:
    return at.twice("/interface/list", name=NAME)


def _duplicate_member(at: Asker) -> str:
    at.add("/interface/list", name=NAME)
    return at.twice("/interface/list/member", list=NAME, interface=at.interface())


def _duplicate_table(at: Asker) -> str:
    return at.twice("/routing/table", name=NAME, fib="")


def _duplicate_scheduler(at: Asker) -> str:
    return at.twice("/system/scheduler", name=NAME, disabled="yes")


def _duplicate_interface(at: Asker) -> str:
    return at.twice(WIREGUARD, name=at.interface() + "x")


def _duplicate_address(at: Asker) -> str:
    return at.twice("/ip/address", address="192.0.2.1/32", interface=at.interface())


def _duplicate_address6(at: Asker) -> str:
    return at.twice("/ipv6/address", address="2001:db8:77::1/64", interface=at.interface(), advertise="no")


def _duplicate_route(at: Asker) -> str:
    return at.twice("/ip/route", dst_address="198.51.100.7/32", gateway=at.interface(), comment=NAME)


def _network_follows_address(at: Asker) -> str:
    address = at.add("/ip/address", address="192.0.2.1/24", interface=at.interface())
    at.ask("/ip/address/set", f"=.id={address}", "=address=198.51.100.1/24")
    return "yes" if at.row("/ip/address", address)["network"] == "198.51.100.0" else "no"


def _orphan_peers(at: Asker) -> str:
    name = at.interface()
    peer = at.add(PEERS, interface=name, public_key=key(), allowed_address="192.0.2.1/32")
    at.ask(WIREGUARD + "/remove", f"=.id={at.ask(WIREGUARD + '/print', f'?name={name}')[0]['.id']}")
    left = at.row(PEERS, peer)
    return ("keep, interface by id" if left["interface"].startswith("*") else "keep") if left else "remove"


def _export_text(at: Asker) -> str:
    at.interface()
    try:
        return "in-reply" if at.ask(WIREGUARD + "/export") else "silent"
    except TrapError as error:
        return told(error)


def _second_take(at: Asker) -> str:
    at.since(7, 18)
    at.ask("/safe-mode/take")
    try:
        with contextlib.closing(at.connect()) as other:
            tuple(other.rawCmd("/safe-mode/take"))
    except TrapError as error:
        return told(error)
    finally:
        at.ask("/safe-mode/release")
    return "accept"


def _before_login(at: Asker) -> str:
    with contextlib.closing(at.connect(login_method=lambda *_login: None)) as stranger:
        try:
            tuple(stranger.rawCmd("/system/resource/print"))
        except FatalError as error:
            return f"fatal: {error}"
        except TrapError as error:
            return told(error)
    return "accept"


def _link_local(at: Asker) -> str:
    rows = at.ask("/ipv6/address/print", f"?interface={at.interface()}")
    return "yes" if any(row["address"].startswith("fe80") for row in rows) else "no"


def _empty_peer_name(at: Asker) -> str:
    at.since(7, 15)
    wanted = {"public_key": key(), "allowed_address": "192.0.2.1/32"}
    peer = at.add(PEERS, interface=at.interface(), name=NAME, **wanted)
    try:
        at.ask(PEERS + "/set", f"=.id={peer}", "=name=")
    except TrapError as error:
        return told(error)
    name = at.row(PEERS, peer).get("name", "")
    return "chosen" if name.startswith("peer") else name or "empty"


def _duplicate_peer_name(at: Asker) -> str:
    at.since(7, 15)
    interface = at.interface()
    at.add(PEERS, interface=interface, name=NAME, public_key=key(), allowed_address="192.0.2.1/32")
    return at.outcome(PEERS, interface=interface, name=NAME, public_key=key(), allowed_address="192.0.2.2/32")


def _empty_allowed_address(at: Asker) -> str:
    return at.outcome(PEERS, interface=at.interface(), public_key=key(), allowed_address="")


def _empty_private_key(at: Asker) -> str:
    name = at.interface()
    [before] = at.ask(WIREGUARD + "/print", f"?name={name}")
    try:
        at.ask(WIREGUARD + "/set", f"=.id={before['.id']}", "=private-key=")
    except TrapError as error:
        return told(error)
    after = at.row(WIREGUARD, before[".id"])["public-key"]
    return "keep" if after == before["public-key"] else "new" if after else "none"


class Question(NamedTuple):
    """One thing to know: the simulator's switches that answer it, the question, and how to ask."""

    switches: str
    text: str
    ask: Callable[[Asker], str]


QUESTIONS = (
    Question("secrets-in-print", "are keys readable without show-sensitive on 7.21+", _secrets_in_print),
    Question("bad-key", "what a malformed key traps", _bad_key),
    Question("key-on-other-interface", "one peer key on two interfaces", _key_on_other_interface),
    Question("", "one peer key twice on an interface, other allowed addresses", _key_again),
    Question("allowed-overlap", "equal and overlapping allowed addresses on one interface", _allowed_overlap),
    Question("port-conflict", "two interfaces on one listen-port", _port_conflict),
    Question("listen-port-unset", "the port of an interface made without one", _listen_port_unset),
    Question("keepalive-zero", "how keepalive 0s is printed", _keepalive_zero),
    Question("bare-allowed-address", "how 192.0.2.2 and 198.51.100.2/24 are printed", _bare_allowed_address),
    Question("login-category", "what a wrong password traps", _login_category),
    Question("no-item-category, no-item-text", "what an unknown id traps", _no_item),
    Question("remove-list, no-item-text", "remove with one bad id in a list", _remove_list),
    Question("client-allowed-address", "its printed form where it was never set, on 7.21+", _client_allowed_address),
    Question("unknown-proplist", "a name in .proplist that the menu lacks", _unknown_proplist),
    Question("absent-equals-empty", "does ?comment= match rows without comment", _absent_equals_empty),
    Question("before-dummy", "place-before and move to the fasttrack dummy", _before_dummy),
    Question("duplicate-list", "an interface list twice", _duplicate_list),
    Question("duplicate-member", "a list member twice", _duplicate_member),
    Question("duplicate-table", "a routing table twice", _duplicate_table),
    Question("duplicate-name", "a scheduler twice", _duplicate_scheduler),
    Question("with-position, duplicate-category", "an interface name twice", _duplicate_interface),
    Question("duplicate-category", "an IPv4 address twice", _duplicate_address),
    Question("duplicate-address6", "an IPv6 address twice", _duplicate_address6),
    Question("duplicate-route", "a route twice", _duplicate_route),
    Question("network-follows-address", "does set address= recompute network", _network_follows_address),
    Question("orphan-peers", "the peers of a removed interface", _orphan_peers),
    Question("empty-peer-name", "what a peer is called whose name is set to nothing, on 7.15+", _empty_peer_name),
    Question("duplicate-peer-name", "two peers of one name, on 7.15+", _duplicate_peer_name),
    Question("empty-allowed-address", "a peer without any allowed address", _empty_allowed_address),
    Question("empty-private-key", "an interface whose private key is set to nothing", _empty_private_key),
    Question("export-text", "does /export without file answer text", _export_text),
    Question("second-take", "safe mode taken by a second session, on 7.18+", _second_take),
    Question("before-login", "a command before login", _before_login),
    Question("wireguard-link-local", "has a WireGuard interface a fe80 address", _link_local),
)


def answers(login: Login) -> Iterator[str]:
    """Ask all questions, one after the other."""
    for question in QUESTIONS:
        try:
            with contextlib.closing(Asker(login)) as asker:
                yield question.ask(asker)
        except NotAsked as reason:
            yield f"not asked: {reason}"
        except (LibRouterosError, OSError, LookupError) as error:
            yield f"no answer: {type(error).__name__} {error}"


def main() -> int:
    """Print every answer of the router, and the simulator's where it is another."""
    login = device_login()
    if login is None or missing(writes=True):
        print(missing(writes=True), file=sys.stderr)
        return 2
    with contextlib.closing(Asker(login)) as asker:
        version = asker.ask("/system/resource/print")[0]["version"].split()[0]
    differing = 0
    print(f"RouterOS {version}")
    with simulator("--version", version) as simulated:
        expected = answers(Login("127.0.0.1", "admin", "", simulated.port))
        for question, answer, default in zip(QUESTIONS, answers(login), expected, strict=True):
            differs = answer != default
            differing += differs
            print(f"{question.text}: {answer}")
            if differs:
                print(f"    DIFFERS from the simulator [{question.switches or 'no switch'}]: {default}")
    told = "1 answer differs" if differing == 1 else f"{differing} answers differ"
    print(f"{len(QUESTIONS)} questions, {told} from the simulator")
    return 0


if __name__ == "__main__":
    sys.exit(main())
