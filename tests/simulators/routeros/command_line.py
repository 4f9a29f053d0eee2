# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator as a process: flags, the line that says it is ready, and orders on standard input.

When it listens it prints ``{"port": N, "tls_port": N or null}``. Then each line of standard input is one JSON order,
answered by one JSON line: ``{"fault": "…"}`` sets a fault, ``{"seed": {…}}`` configures, ``{"dump": "/menu"}`` gives a
menu's rows as a user with all policies sees them, ``{"pending": true}`` gives the faults that have not fired, and
``{"problems": true}`` what the data plane could not do since it was asked last. The end of standard input, or SIGTERM,
ends the process, with 1 where problems were left untold; where standard input is no pipe, there are no orders and
SIGTERM alone does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.derived import DERIVED
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.device import Device
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.factory import (
    DEFAULT_LAN,
    default_configuration,
    furnish,
    sow,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.faults import Faults
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.journal import Journal
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.live import LIVE
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import (
    OLDEST,
    SWITCHES,
    Profile,
    parse_answers,
    parse_release,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Router
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.server import Server
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import DataPlane
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tls import anonymous_context, certificate_context
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import Trap
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.users import parse_account, seed_users


def _parser() -> argparse.ArgumentParser:
    switches = "\n".join(
        f"  {each.name}={'|'.join(each.choices)}  ({each.source}: {each.question})" for each in SWITCHES.values()
    )
    parser = argparse.ArgumentParser(
        prog="routeros",
        description="A RouterOS router that speaks the binary API.",
        epilog=f"switches of --unconfirmed, the first choice is taken unless told otherwise:\n{switches}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", default="7.22.2", help="RouterOS version, such as 7.9, 7.16.1 or 6.49.10")
    parser.add_argument(
        "--without", action="append", default=[], metavar="MENU", help="lacks it and all below, as without a package"
    )
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=0, help="plain API; 0 takes any, -1 none")
    parser.add_argument("--tls-port", type=int, default=0, help="TLS API, with one of the next")
    parser.add_argument("--tls-certificate", type=Path, help="PEM file; needs --tls-key")
    parser.add_argument("--tls-key", type=Path)
    parser.add_argument("--tls-anonymous", action="store_true", help="anonymous Diffie-Hellman, no certificate")
    parser.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="NAME:PASSWORD:POLICIES",
        help="policies: full, write, read, or a list such as full,!sensitive; default admin::full",
    )
    parser.add_argument("--clock-ahead", type=int, default=0, metavar="S", help="of the time here; negative is behind")
    parser.add_argument("--ports", type=int, default=5, help="number of ethernet ports")
    parser.add_argument("--defconf", action="store_true", help="the SOHO default configuration")
    parser.add_argument(
        "--lan", default=DEFAULT_LAN, help="the router's address on the LAN of the default configuration"
    )
    parser.add_argument("--seed", type=Path, help="JSON: menu path to a list of rows, or to one row of a singleton")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS", help="from a request to its answer")
    parser.add_argument("--in-order", action="store_true", help="do not interleave answers to tagged commands")
    parser.add_argument("--undo-delay", type=float, default=0.0, metavar="S", help="from a lost session to its undo")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[=N]", help="see faults.py")
    parser.add_argument("--unconfirmed", action="append", default=[], metavar="KEY=VALUE", help="see below")
    parser.add_argument("--ready-file", type=Path, help="file for the line that says it is ready, and its process id")
    parser.add_argument("--journal", type=Path, help="file for one JSON line per request")
    parser.add_argument("--dataplane", action="store_true", help="make packets obey, in this network namespace")
    parser.add_argument(
        "--enter", default="", metavar="COMMAND", help="prefix of the data plane's commands, to have it in another"
    )
    parser.add_argument("--port-map", default="", metavar="ether1=eth0,…", help="links that are the router's ports")
    return parser  # fmt: skip


def _device(options: argparse.Namespace) -> Device:
    if parse_release(options.version) < OLDEST:
        raise ValueError(f"RouterOS {options.version} is not known: {OLDEST[0]}.{OLDEST[1]} and newer are")
    profile = Profile(options.version, parse_answers(options.unconfirmed), tuple(options.without))
    router = Router(profile, LIVE, DERIVED)
    router.clock_ahead = timedelta(seconds=options.clock_ahead)
    seed_users(router, [parse_account(text) for text in options.user])
    furnish(router, options.ports)
    device = Device(router)
    if options.defconf:
        sow(device, default_configuration(options.ports, options.lan))
    if options.seed:
        sow(device, json.loads(options.seed.read_text(encoding="utf-8")))
    return device


def _plane(options: argparse.Namespace) -> DataPlane | None:
    if not options.dataplane:
        return None
    from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.dataplane import NamespacePlane

    return NamespacePlane(
        dict(pair.split("=", 1) for pair in options.port_map.split(",") if pair), options.enter.split()
    )


def _order(server: Server, order: dict[str, Any]) -> Any:
    if "fault" in order:
        server.faults.set(order["fault"])
    if "seed" in order:
        sow(server.device, order["seed"])
    if "pending" in order:
        return server.faults.pending
    if "problems" in order:
        problems, server.problems = server.problems, []
        return problems
    if "dump" in order:
        router = server.device.router
        if order["dump"] not in router.menus:
            raise KeyError(order["dump"])
        return [router.printed(order["dump"], row) for row in router.rows(order["dump"])]
    return None


async def _orders(server: Server, stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        try:
            answer: Any = {"ok": _order(server, json.loads(line))}
            await server.settle()
        except (ValueError, KeyError, Trap) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
    stop.set()


async def _serve(options: argparse.Namespace) -> int:
    faults = Faults()
    for text in options.fault:
        faults.set(text)
    device = _device(options)
    server = Server(
        device, _plane(options), faults, Journal(options.journal), options.latency / 1000, not options.in_order,
        options.undo_delay,
    )  # fmt: skip
    port = tls_port = None
    await server.settle()
    if options.port >= 0:
        port = await server.listen(options.address, options.port)
    if options.tls_anonymous or options.tls_certificate:
        pair = options.tls_certificate, options.tls_key
        context = anonymous_context() if options.tls_anonymous else certificate_context(*pair)
        tls_port = await server.listen(options.address, options.tls_port, context)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    ready = {"port": port, "tls_port": tls_port}
    if options.ready_file:
        options.ready_file.write_text(json.dumps({**ready, "pid": os.getpid()}), encoding="utf-8")
    print(json.dumps(ready), flush=True)
    piped = stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)
    orders = asyncio.create_task(_orders(server, stop)) if piped else None
    await server.run(stop)
    if orders:
        orders.cancel()
    return 1 if server.problems else 0


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_serve(options))
    except (ValueError, OSError, Trap) as error:
        print(f"routeros: {error}", file=sys.stderr)
        return 2
