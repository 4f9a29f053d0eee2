# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a wg-quick file, both ways.

Rules of this file: two readers see each line, as with the real tools. wg-quick(8) takes its own keys out of [Interface]
and hands every other line to wg(8), which ignores all blanks. Both cut the line at `#`, forget about case, and let the
last of several single values count. `parse(render(config)) == config` for every config that `render` accepts. No
message repeats a value or an unknown key: it may be a secret at the wrong place.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, Callable, Dict, Iterator, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick import values
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import QuickConfig, QuickPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    Secret,
    SecretText,
)


class _Key(NamedTuple):
    """A key of the format. A single value is replaced by a later one; `many` values are collected."""

    name: str
    field: str
    parse: Callable[[str], Any]
    render: Callable[[Any], str] = str
    many: bool = False
    one_line: bool = False  # many values share a line; commands do not
    optional: bool = False  # nothing behind `=` is as good as no line
    sure: bool = False  # its type has no value that would read differently, and there may be tens of thousands


def _reveal(secret: Secret) -> str:
    return secret.reveal()


_WG_INTERFACE = (
    _Key("PrivateKey", "private_key", values.key_parser(PrivateKey), _reveal, sure=True),
    _Key("ListenPort", "listen_port", values.parse_port),
    _Key("FwMark", "fwmark", values.parse_fwmark, values.render_fwmark),
)
_WG_PEER = (
    _Key("PublicKey", "public_key", values.key_parser(PublicKey), sure=True),
    _Key("PresharedKey", "preshared_key", values.key_parser(PresharedKey), _reveal, sure=True),
    _Key("AllowedIPs", "allowed_ips", values.parse_allowed_ip, many=True, one_line=True, sure=True),
    _Key("Endpoint", "endpoint", values.parse_quick_endpoint),
    _Key("PersistentKeepalive", "persistent_keepalive", values.parse_keepalive, values.render_keepalive),
)
_QUICK_INTERFACE = (
    _Key("Address", "addresses", values.parse_address, many=True, one_line=True, optional=True),
    _Key("DNS", "dns", values.parse_dns, many=True, one_line=True, optional=True),
    _Key("MTU", "mtu", values.parse_mtu, optional=True),
    _Key("Table", "table", values.parse_table, optional=True),
    _Key("PreUp", "pre_up", values.parse_hook, many=True, optional=True),
    _Key("PostUp", "post_up", values.parse_hook, many=True, optional=True),
    _Key("PreDown", "pre_down", values.parse_hook, many=True, optional=True),
    _Key("PostDown", "post_down", values.parse_hook, many=True, optional=True),
    _Key("SaveConfig", "save_config", values.parse_boolean, values.render_boolean),
)
_SEARCH = _Key("DNS", "dns_search", values.parse_dns, many=True, one_line=True)
_NAME = _Key("# Name", "name", values.parse_name)

_WG = {"interface": _WG_INTERFACE, "peer": _WG_PEER}
_WG_BY_NAME = {section: {key.name.lower(): key for key in keys} for section, keys in _WG.items()}
_QUICK_BY_NAME = {key.name.lower(): key for key in _QUICK_INTERFACE}
_KNOWN = {key.name.lower(): key.name for key in _WG_INTERFACE + _WG_PEER + _QUICK_INTERFACE}

_NAME_COMMENT = re.compile(r"^#[ \t]*(?:friendly_)?name[ \t]*=[ \t]*(.*)$", re.ASCII | re.IGNORECASE)
_BLANK = re.compile("[" + values.BLANKS + "]+")

Fields = Dict[str, Any]


class _Reader:
    """The two readers' common state while they go through a text."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.interface: Fields = {}
        self.peers: list[tuple[int, Fields]] = []
        self._quick_section = False  # wg-quick's idea of being in [Interface]
        self._section = ""  # wg's idea: interface, peer or none yet

    def read(self, number: int, line: str) -> None:
        """Read one line."""
        code = line.partition("#")[0].strip(values.BLANKS)
        name = code.partition("=")[0].strip(values.BLANKS).lower()
        if name.startswith("["):
            self._quick_section = name == "[interface]"
        key = _QUICK_BY_NAME.get(name) if self._quick_section else None
        try:
            if key:
                self._store(self.interface, key, _after_equals(code))
            elif code:
                self._read_wg(number, _BLANK.sub("", code))
            elif self._section == "peer":
                self._read_comment(line.strip(values.BLANKS))
        except InvalidValue as error:
            self.problems.append(Problem(f"line {number}", str(error)))

    def _read_wg(self, number: int, code: str) -> None:
        if code.lower() in ("[interface]", "[peer]"):
            self._section = code[1:-1].lower()
            if self._section == "peer":
                self.peers.append((number, {}))
            return
        name = code.partition("=")[0].lower()
        key = _WG_BY_NAME.get(self._section, {}).get(name)
        if not key:
            raise InvalidValue(_unknown(name, self._section))
        self._store(self._fields(), key, _after_equals(code))

    def _read_comment(self, line: str) -> None:
        match = _NAME_COMMENT.match(line)
        if match and match.group(1):
            self._fields()["name"] = values.parse_name(match.group(1))

    def _fields(self) -> Fields:
        return self.peers[-1][1] if self._section == "peer" else self.interface

    @staticmethod
    def _store(fields: Fields, key: _Key, text: str | None) -> None:
        if not text:
            if text is None or not key.optional:
                raise InvalidValue(f"{key.name} has no value")
            if not key.many:
                fields.pop(key.field, None)
            return
        if not key.many:
            fields[key.field] = _parsed(key, text, "")
            return
        known = fields.setdefault(key.field, [])
        words = _words(key, text)
        for position, word in enumerate(words, 1):
            known.append(_parsed(key, word, f" (entry {position})" if len(words) > 1 else ""))


def parse(text: str) -> QuickConfig:
    """Parse a file's text. Raises InvalidInput with all problems and their lines."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        if "\0" in line:
            reader.problems.append(Problem(f"line {number}", "contains a NUL character"))
        else:
            reader.read(number, line)
    for number, fields in reader.peers:
        if "public_key" not in fields:
            reader.problems.append(Problem(f"line {number}", "the peer has no PublicKey"))
    if reader.problems:
        raise InvalidInput(sorted(reader.problems, key=lambda problem: int(problem.place.split()[1])))
    words = reader.interface.pop("dns", [])
    return QuickConfig(
        peers=tuple(QuickPeer(**_frozen(fields)) for _number, fields in reader.peers),
        dns=tuple(word for word in words if values.is_server(word)),
        dns_search=tuple(word for word in words if not values.is_server(word)),
        **_frozen(reader.interface),
    )


def render(config: QuickConfig) -> SecretText:
    """Render a file's text. Raises InvalidInput where a value cannot be written so that the tools read the same."""
    problems: list[Problem] = []
    lines = ["[Interface]"]
    for key in (*_WG_INTERFACE, *_QUICK_INTERFACE[:2], _SEARCH, *_QUICK_INTERFACE[2:]):
        lines.extend(_lines(key, getattr(config, key.field), "", problems))
    for position, peer in enumerate(config.peers):
        lines.extend(["", "[Peer]"])
        place = f"peers[{position}]."
        for key in (_NAME, *_WG_PEER):
            lines.extend(_lines(key, getattr(peer, key.field), place, problems))
    if problems:
        raise InvalidInput(problems)
    return SecretText(("\n".join(lines) + "\n").encode("utf-8"))


def _lines(key: _Key, value: Any, place: str, problems: list[Problem]) -> Iterator[str]:
    if value is None:
        return
    if not key.sure:
        for item in value if key.many else (value,):
            _require_faithful(key, item, place, problems)
    texts = [key.render(item) for item in value] if key.many else [key.render(value)]
    if key.one_line and texts:
        texts = [", ".join(texts)]
    for text in texts:
        yield f"{key.name} = {text}"


def _require_faithful(key: _Key, value: Any, place: str, problems: list[Problem]) -> None:
    # What parses to the same value has no line end, comment sign or blanks in it that would change the file's meaning.
    text = key.render(value)
    try:
        faithful = text == text.strip(values.BLANKS) and key.parse(text) == value and _at_home(key, text)
        message = "cannot be written so that it reads the same"
    except InvalidValue as error:
        faithful, message = False, str(error)
    if not faithful:
        problems.append(Problem(place + key.field, message))


def _at_home(key: _Key, text: str) -> bool:
    return key.name != "DNS" or values.is_server(text) == (key.field == "dns")


def _parsed(key: _Key, text: str, entry: str) -> Any:
    try:
        return key.parse(text)
    except InvalidValue as error:
        raise InvalidValue(f"{key.name}{entry} {error}") from None


def _words(key: _Key, text: str) -> list[str]:
    if not key.one_line:
        return [text]
    return values.split_words(text) if key.optional else text.split(",")


def _after_equals(code: str) -> str | None:
    _name, equals, text = code.partition("=")
    return text.strip(values.BLANKS) if equals else None


def _frozen(fields: Fields) -> Fields:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _unknown(name: str, section: str) -> str:
    if not section:
        return "stands before any section: the first line is [Interface] or [Peer]"
    where = f"[{section.capitalize()}]"
    if name.startswith("["):
        return "is no section: there are [Interface] and [Peer]"
    if name in _KNOWN:
        return f"{_KNOWN[name]} does not belong into {where}"
    similar = difflib.get_close_matches(name, _KNOWN, 1)
    hint = f"; did you mean {_KNOWN[similar[0]]}?" if similar else ""
    return f"unknown key in {where}{hint}"
