# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources of prefixes that are not what they should be."""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends import prefix_sources
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.prefix_sources import SourceError, fetch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.tunnel import SplitTunnel, Statistics

MIB = 1 << 20


def statistics(source: str) -> SplitTunnel:
    return SplitTunnel("wg0", rir=(Statistics(source, ("NZ",), ("ipv4",)),))


class _Astray(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://[::1/elsewhere")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def astray() -> Iterator[str]:
    """Give the URL of a server that sends everyone to what is no URL."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Astray) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/x"
        server.shutdown()


def test_a_server_that_sends_one_to_what_is_no_url_is_a_problem_of_the_source(astray: str) -> None:
    with pytest.raises(SourceError, match=r"^http://127\.0\.0\.1:[0-9]+/x cannot be had: "):
        fetch(statistics(astray))


@pytest.mark.parametrize("source", ["http://[::1/x", "http://127.0.0.1:port/x"])
def test_what_is_no_url_is_a_problem_of_the_source(source: str) -> None:
    with pytest.raises(SourceError):
        fetch(statistics(source))


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_would_fill_the_memory_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr(prefix_sources, "LARGEST", MIB)
    path = tmp_path / "list"
    data = b"#" * (2 * MIB)
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(SourceError, match="list is longer than 1 MiB"):
        fetch(SplitTunnel("wg0", files=(str(path),)))


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "list.gz"
    path.write_bytes(gzip.compress(b"192.0.2.0/25\n192.0.2.128/25\n"))
    assert [str(prefix) for prefix in fetch(SplitTunnel("wg0", files=(str(path),)))] == ["192.0.2.0/24"]
