# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on port 80 that tells everyone the address by which it sees him. It goes on in the background."""

from __future__ import annotations

import contextlib
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


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


with contextlib.suppress(FileExistsError):
    server = BothVersions(("::", 80), TellAddress)
    if os.fork() == 0:  # it listens, so that whoever started it may go on
        os.setsid()
        for stream in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        server.serve_forever()
