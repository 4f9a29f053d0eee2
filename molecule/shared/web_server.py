# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on port 80 that tells everyone the address by which it sees him. It goes on in the background.

The number of its process is in /run/wgfleet-web-server, so that it can be ended.
"""

from __future__ import annotations

import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROCESS = Path("/run/wgfleet-web-server")


class TellAddress(BaseHTTPRequestHandler):
    """Answers every request with the address that it came from."""

    def do_GET(self) -> None:
        """Tell the address, as an IPv4 address where it is one."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].replace("::ffff:", "").encode())

    def log_message(self, *_ignored: object) -> None:
        """Keep quiet: nobody reads what a server in the background says."""


class BothVersions(ThreadingHTTPServer):
    """Listens to IPv4 and IPv6."""

    address_family = socket.AF_INET6


if not PROCESS.exists():
    server = BothVersions(("::", 80), TellAddress)
    child = os.fork()  # it listens, so that whoever started it may go on
    if child:
        PROCESS.write_text(str(child), encoding="ascii")
    else:
        os.setsid()
        for stream in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        server.serve_forever()
