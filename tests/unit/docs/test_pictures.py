# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the pages are what their tools draw, can be read by everyone, and are where pages look for them."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree
from pathlib import Path

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT
from ansible_collections.wgfleet.wireguard.tests.tools.pictures import IMAGES, PICTURES, STOPS, network
from ansible_collections.wgfleet.wireguard.tests.tools.recording import (
    MOST_SECONDS,
    PICTURE,
    PROMPT,
    drawn,
    main,
    recorded,
    seconds,
    shape,
    shown,
)

SVG = "{http://www.w3.org/2000/svg}"
FILES = sorted(IMAGES.iterdir())
PAGES = sorted((IMAGES.parent / "rst").glob("*.rst"))
BACKENDS = ("linux", "routeros")
OUTPUT = "\n== The lab\n   10 hosts are up\n\n== The links\n   office1  office2  up  29 s  180 B  92 B\n   (4.1 s)\n"


def drawing(file: Path) -> xml.etree.ElementTree.Element:
    return xml.etree.ElementTree.parse(file).getroot()  # noqa: S314 # a file of ours


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_its_tool_draws(name: str) -> None:
    assert (IMAGES / f"{name}.svg").read_text(encoding="utf-8") == PICTURES[name]().svg(), "run ./dev pages"


def test_every_picture_has_a_tool() -> None:
    assert {file.name for file in FILES} == {f"{name}.svg" for name in PICTURES} | {PICTURE.name}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_picture_says_in_words_what_it_shows_and_has_colours_for_light_and_dark(file: Path) -> None:
    root = drawing(file)
    title, description = (root.find(SVG + name) for name in ("title", "desc"))
    assert title is not None and title.text and description is not None and len(description.text or "") > 60
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"{title.get('id')} {description.get('id')}")
    style = root.findtext(SVG + "style") or ""
    light, _query, dark = style.partition("@media (prefers-color-scheme:dark)")
    used = {kind for element in root.iter() for kind in (element.get("class") or "").split()}
    coloured = used - {"code", "small", "title", "dashed"}
    assert [kind for kind in coloured if f".{kind}{{" not in light or f".{kind}{{" not in dark] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_word_leaves_its_picture(file: Path) -> None:
    root = drawing(file)
    _left, _top, width, height = map(float, root.attrib["viewBox"].split())
    for text in root.iter(SVG + "text"):
        # 0.61 of the size for each letter is what the widest of usual monospaced fonts takes.
        size = 12 if "code" in text.attrib["class"] else 12.5 if "small" in text.attrib["class"] else 14
        long = len(text.text or "") * size * (0.61 if "code" in text.attrib["class"] else 0.56)
        start = float(text.attrib["x"]) - {"start": 0.0, "middle": long / 2, "end": long}[text.attrib["text-anchor"]]
        assert start >= 4 and start + long <= width - 4, text.text
        assert 0 < float(text.attrib["y"]) < height


def test_every_figure_of_a_page_is_there_and_has_a_text_in_its_place() -> None:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        figures = re.findall(r"^\.\. (?:figure|image):: (\S+)\n(.*)", text, re.MULTILINE)
        assert [options for _path, options in figures if not options.startswith("   :alt: ")] == []
        found += [(page.parent / path).resolve() for path, _options in figures]
    assert set(found) == set(FILES)


def test_the_way_of_the_packet_is_that_of_the_declared_network() -> None:
    corp = network()
    rules = " ".join(rule for stop in STOPS for rule in stop.rules)
    assert f"udp dport {corp['port']} accept" in rules and f'iifname "{corp["interface"]}"' in rules
    assert set(re.findall(r"10\.255\.255\.0/\d+", rules)) == {corp["pool"][0]}
    ends = [stop.addresses.split(" → ") for stop in STOPS]
    assert corp["members"]["office1"]["endpoint"] in {end for pair in ends for end in pair}


def test_a_recording_has_whole_chapters_of_a_run_and_no_other_line() -> None:
    assert recorded(OUTPUT) == [PROMPT, "", "== The links", "   office1  office2  up  29 s  180 B  92 B", "   (4.1 s)"]


def test_a_demo_that_takes_too_long_is_none_that_the_quickstart_may_show(tmp_path: Path) -> None:
    assert seconds(OUTPUT) == pytest.approx(4.1)
    (tmp_path / "slow").write_text(OUTPUT.replace("4.1", f"{MOST_SECONDS + 1}"), encoding="utf-8")
    assert "no five minutes" in (main(["judge", str(tmp_path / "slow")]) or "")


def test_the_recording_can_be_read_back() -> None:
    assert shown()[0] == PROMPT
    assert drawn(["", *shown()]).parts  # what is read back can be drawn again


def test_runs_differ_in_what_they_measure_only() -> None:
    later = recorded(OUTPUT.replace("29 s", "2 min").replace("180 B", "1.2 KiB").replace("4.1", "11.0"))
    assert shape(later) == shape(recorded(OUTPUT))
    assert shape(recorded(OUTPUT.replace(" up ", " down "))) != shape(later)


def heights() -> dict[str, float]:
    """The rooms in the picture of the house, and how far from the top their names stand."""
    texts = drawing(IMAGES / "rooms.svg").iter(SVG + "text")
    return {text.text or "": float(text.attrib["y"]) for text in texts if "title" in text.attrib["class"]}


def room(module: str) -> str:
    """The room of a module, by its name below `plugins`."""
    parts = [part for part in module.split(".") if part != "module_utils"]
    inner = parts[0] == "_core" or (parts[0] == "_backends" and parts[1] in BACKENDS)
    return parts[1] if inner else parts[0]


def test_in_the_picture_of_the_house_every_import_of_the_code_goes_down() -> None:
    place, plugins = heights(), CHECKOUT / "plugins"
    prefix = "ansible_collections.wgfleet.wireguard.plugins."
    upward = []
    for file in plugins.rglob("*.py"):
        own = ".".join(file.relative_to(plugins).with_suffix("").parts)
        imports = [
            node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)
        ]
        for module in {(node.module or "") for node in imports if (node.module or "").startswith(prefix)}:
            here, there = room(own), room(module[len(prefix) :])
            own_walls = there == "_backends" and here in BACKENDS  # what both backends share: their contract
            if here in place and there in place and here != there and place[there] <= place[here] and not own_walls:
                upward.append((own, module))
    assert upward == []


def test_the_picture_of_the_house_has_every_room() -> None:
    code = CHECKOUT / "plugins/module_utils"
    folders = [path for inner in ("", "_core", "_backends") for path in (code / inner).iterdir()]
    names = {path.name for path in folders if path.is_dir() and path.name != "__pycache__"}
    assert names <= heights().keys()
    assert {"modules", "action", "filter", "lookup", "plugin_utils"} <= heights().keys()
