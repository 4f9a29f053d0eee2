# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages and the README tell people to type: declarations are valid, plays parse, commands exist.

A block that no rule here judges fails, so that nobody writes one which is not tested.
"""

from __future__ import annotations

import ast
import configparser
import functools
import importlib
import re
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible.plugins.doc_fragments import default_callback

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.verification import verify
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.tables.catalogue import menus

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "roles").glob("*/README.md")),
    ROOT / "tests/simulators/routeros/README.md",
    *sorted((ROOT / "docs/docsite/rst").glob("*.rst")),
]
COLLECTION = "wgfleet.wireguard."
PLUGINS = "ansible_collections.wgfleet.wireguard.plugins"
OF_ANSIBLE = {"ansible_connection", "ansible_host", "ansible_network_os", "ansible_python_interpreter", "ansible_user"}
OF_OTHERS = {"infra.aap_configuration.dispatch", "infra.controller_configuration.dispatch"}


class Block(NamedTuple):
    """A block of a page."""

    page: str
    line: int
    language: str
    text: str


def named(page: Path) -> str:
    """The name of a page of the site, and the path of another one."""
    return page.name if page.suffix == ".rst" else str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        pattern = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
    else:
        pattern = re.compile(r"^\.\. code-block:: (\w+)\n\n(.*?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE)
    return [
        Block(named(page), text.count("\n", 0, found.start()) + 1, found[1], textwrap.dedent(found[2]))
        for found in pattern.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks(page)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}:{block.line}")
def test_what_a_page_tells_to_type_can_be_typed(block: Block) -> None:
    JUDGES[block.language](block)


def test_every_page_is_in_the_table_of_contents() -> None:
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    listed = [page for section in sections for page in section["toctree"]]
    assert sorted(listed) == sorted(page.stem for page in PAGES if page.suffix == ".rst")


def stages() -> dict[str, list[str]]:
    """The stages that there are, and those of ./dev test by the name of their list."""
    script = (ROOT / "dev").read_text(encoding="utf-8")
    of_test = dict(re.findall(r"^(test_stages|background_stages)=\((.*?)\)", script, re.MULTILINE))
    assert len(of_test) == 2
    return {
        "all": [*re.findall(r"^stage_(\w+)\(\)", script, re.MULTILINE), "test"],
        **{name: words.split() for name, words in of_test.items()},
    }


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_stage_that_a_page_names_exists(page: Path) -> None:
    """In blocks and in sentences."""
    named = re.findall(r"\./dev ((?:[a-z]+ ?)+)", page.read_text(encoding="utf-8"))
    calls = [call.split() for call in named]
    told = {name for call in calls for name in (call[:1] if call[0] == "pytest" else call)}
    assert told - set(stages()["all"]) == set()


def test_the_table_of_stages_has_those_of_the_tests_and_no_other() -> None:
    named = first_cells("stage", "dev_architecture.rst")
    assert sorted(named) == sorted(stages()["test_stages"] + stages()["background_stages"])


def judge_yaml(block: Block) -> None:
    data = yaml.safe_load(block.text)
    if isinstance(data, list):
        judge_plays(data)
        return
    if set(data) == {"all"}:
        judge_inventory(data["all"])
        return
    networks = data.pop("wireguard_networks", None)
    if networks is not None:
        assert verify(networks) == []
    assert set(data) <= documented_variables() | OF_ANSIBLE


def judge_inventory(group: dict[str, Any]) -> None:
    """Its variables are a role's, or Ansible's, or are read by the playbooks that scenarios share."""
    assert set(group) <= {"hosts", "children", "vars"}
    for variables in [group.get("vars") or {}, *(group.get("hosts") or {}).values()]:
        assert set(variables or {}) <= documented_variables() | OF_ANSIBLE | of_scenarios()
    for child in (group.get("children") or {}).values():
        judge_inventory(child)


def of_scenarios() -> set[str]:
    """What the playbooks that scenarios share read of an inventory."""
    shared = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "molecule/shared").rglob("*.yml"))
    return set(re.findall(r"\b[a-z_]+\b", "".join(re.findall(r"{{.*?}}|when: .*", shared))))


@functools.cache
def module_options(name: str) -> dict[str, dict[str, Any]]:
    """The options of a module, with those that it shares with others."""
    documentation = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{name}").DOCUMENTATION)
    found: dict[str, dict[str, Any]] = dict(documentation.get("options") or {})
    for each in documentation.get("extends_documentation_fragment", []):
        fragment, _dot, part = each.removeprefix(COLLECTION).partition(".")
        holder = importlib.import_module(f"{PLUGINS}.doc_fragments.{fragment}").ModuleDocFragment
        found |= yaml.safe_load(getattr(holder, part.upper() or "DOCUMENTATION")).get("options") or {}
    return found


def action_groups() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = yaml.safe_load((ROOT / "meta/runtime.yml").read_text("utf-8"))["action_groups"]
    return groups


def judge_options(given: Any, options: dict[str, dict[str, Any]]) -> None:
    """They are documented, and so are their choices."""
    assert set(given or {}) <= set(options)
    for name, value in (given or {}).items():
        choices = options[name].get("choices")
        assert not choices or value in choices or "{{" in str(value)


def judge_task(task: dict[str, Any], defaults: set[str]) -> None:
    """All that a module needs is given, by the task itself or for the group of its module."""
    modules = [key for key in task if key.startswith(COLLECTION)]
    assert modules
    for module in modules:
        options = module_options(module.removeprefix(COLLECTION))
        judge_options(task[module], options)
        needed = {name for name, option in options.items() if option.get("required")}
        assert needed <= {*(task[module] or {}), *defaults}


def judge_defaults(defaults: dict[str, Any]) -> None:
    """Defaults of a group are options of all its modules."""
    for group, given in defaults.items():
        for module in action_groups()[group.removeprefix(f"group/{COLLECTION}")]:
            judge_options(given, module_options(module))


def judge_plays(plays: list[dict[str, Any]]) -> None:
    roles = {path.name for path in (ROOT / "roles").iterdir()}
    for play in plays:
        for task in play.get("tasks", [play] if "hosts" not in play else []):
            judge_task(task, set().union(*play.get("module_defaults", {}).values()))
        judge_defaults(play.get("module_defaults", {}))
        used = {(role["role"] if isinstance(role, dict) else role) for role in play.get("roles", [])}
        assert {role.removeprefix(COLLECTION) for role in used - OF_OTHERS} <= roles
        if used & OF_OTHERS:
            judge_import_into_awx(play)


def judge_import_into_awx(play: dict[str, Any]) -> None:
    """All files that AWX takes are named, and what is given besides is theirs, or credentials that they lack."""
    files = {f"awx/{path.name}": path.read_text(encoding="utf-8") for path in (ROOT / "extensions/awx").glob("*.yml")}
    assert set(play["vars_files"]) == set(files)
    known = set(re.findall(r"wireguard_awx_\w+", "".join(files.values())))
    needed = set(re.findall(r"{{ (wireguard_awx_\w+) }}", "".join(files.values())))
    assert needed <= set(play["vars"]) <= known | {"controller_credentials"}
    credentials = {each["name"]: each for each in play["vars"]["controller_credentials"]}
    assert list(credentials) == play["vars"]["wireguard_awx_credentials"]
    (router,) = [each for each in credentials.values() if each["credential_type"] == "RouterOS"]
    (fields,) = re.findall(r"required: \[(.*)\]", files["awx/credential_types.yml"])
    assert list(router["inputs"]) == fields.split(", ")


def variables_of_role(name: str) -> set[str]:
    spec = yaml.safe_load((ROOT / f"roles/{name}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    return {option for entry in spec["argument_specs"].values() for option in entry.get("options") or {}}


def documented_variables() -> set[str]:
    specs = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    return {name for spec in specs for entry in spec["argument_specs"].values() for name in entry.get("options") or {}}


def judge_console(block: Block) -> None:
    """Lines without a prompt are what a command printed."""
    typed = [line[2:] for line in block.text.splitlines() if line.startswith(("$ ", "# "))]
    assert typed and block.text.startswith(("$ ", "# "))
    for line in typed:
        words = shlex.split(line, comments=True)
        variables = [word for word in words if re.match(r"[A-Z_]+=", word)]
        command, *arguments = [word for word in words if word not in variables]
        COMMANDS[command](arguments)


def first_cells(heading: str, page: str = "guide_playbooks.rst") -> list[str]:
    """What the first column of a page's table names."""
    text = (ROOT / "docs/docsite/rst" / page).read_text(encoding="utf-8")
    (table,) = re.findall(rf"   \* - {heading}\n(.*?)\n\n(?! )", text, re.DOTALL)
    rows = re.findall(r"^   \* - (.*)", table, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"``(\w+)``", row)]


OF_PLAYBOOKS = {"wireguard_hosts", "output"}  # and of no role


def test_the_table_of_playbooks_has_each_and_that_of_variables_none_that_there_is_not() -> None:
    playbooks = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")}
    assert sorted(first_cells("playbook")) == sorted(playbooks)
    variables = set(first_cells("variable"))
    assert OF_PLAYBOOKS <= variables <= documented_variables() | OF_PLAYBOOKS
    deaf = {name for name, text in playbooks.items() if "wireguard_hosts" not in text}
    assert deaf == {"demo"}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_that_runs_a_playbook_says_how_to_run_it_on_fewer_hosts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if any("ansible-playbook" in block.text for block in blocks(page)):
        assert "wireguard_hosts" in text
        assert "guide_playbooks" in text


@pytest.mark.parametrize("page", ["README.md", "docs/docsite/rst/guide_quickstart.rst"])
def test_a_page_installs_from_the_repository_that_galaxy_names(page: str) -> None:
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"]
    assert re.findall(r"git\+([^\s`]+)", (ROOT / page).read_text(encoding="utf-8")) == [f"{repository}.git"]


def judge_ini(block: Block) -> None:
    """Settings of ansible.cfg are those of the callback that is Ansible's own."""
    parser = configparser.ConfigParser()
    parser.read_string(block.text)
    options = yaml.safe_load(default_callback.ModuleDocFragment.DOCUMENTATION)["options"].values()
    known = {(place["section"], place["key"]) for option in options for place in option.get("ini", [])}
    assert {(section, key) for section in parser.sections() for key in parser[section]} <= known


def judge_playbook_call(arguments: list[str]) -> None:
    playbooks = [word.removeprefix(COLLECTION) for word in arguments if word.startswith(COLLECTION)]
    assert playbooks and all((ROOT / f"playbooks/{name}.yml").is_file() for name in playbooks)
    given = [arguments[index + 1] for index, word in enumerate(arguments) if word in ("-e", "--extra-vars")]
    assert {each.partition("=")[0] for each in given} <= documented_variables() | OF_PLAYBOOKS


def judge_adhoc_call(arguments: list[str]) -> None:
    """Such a call runs a role, with variables that are the role's."""
    role = next(word for word in arguments if word.startswith("name=")).partition("=")[2].removeprefix(COLLECTION)
    variables = variables_of_role(role)
    assert "ansible.builtin.include_role" in arguments
    given = [arguments[index + 1] for index, word in enumerate(arguments) if word in ("-e", "--extra-vars")]
    assert {each.partition("=")[0] for each in given} <= variables


def judge_dev(arguments: list[str]) -> None:
    if arguments[0] == "pytest":
        judge_pytest(arguments)
        return
    script = (ROOT / "dev").read_text(encoding="utf-8")
    stages = [word for word in arguments if not word.startswith("-")]
    assert stages and all(stage == "test" or f"\nstage_{stage}()" in script for stage in stages)
    assert all(word in script for word in arguments)


def judge_pytest(arguments: list[str]) -> None:
    paths = [word.partition("::")[0] for word in arguments if word.startswith("tests/")]
    assert paths and all((ROOT / path).exists() for path in paths)


def judge_copy(arguments: list[str]) -> None:
    """What is copied is in the archive that users install."""
    source = arguments[-2].partition("ansible_collections/wgfleet/wireguard/")[2]
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    assert (ROOT / source).exists() and source not in ignored


def judge_molecule(arguments: list[str]) -> None:
    scenario = arguments[arguments.index("--scenario-name") + 1]
    assert (ROOT / f"molecule/{scenario}/molecule.yml").is_file()


def judge_program(arguments: list[str]) -> None:
    scripts = [word for word in arguments if word.startswith("tests/")]
    modules = [word.partition(".tests.")[2].replace(".", "/") for word in arguments if ".tests." in word]
    assert all((ROOT / path).exists() for path in scripts)
    assert all(
        (ROOT / f"tests/{module}.py").is_file() or (ROOT / f"tests/{module}/__main__.py").is_file()
        for module in modules
    )


def judge_documentation(arguments: list[str]) -> None:
    """What is asked for is a role or a module that there is."""
    name = arguments[-1].removeprefix(COLLECTION)
    folder = f"roles/{name}" if arguments[:2] == ["-t", "role"] else f"plugins/modules/{name}.py"
    assert (ROOT / folder).exists()


def judge_builder(arguments: list[str]) -> None:
    assert arguments[0] == "create"
    assert {word for word in arguments if word.startswith("-")} <= {"--context", "--output-filename"}


def judge_runner(arguments: list[str]) -> None:
    playbook = arguments[arguments.index("-p") + 1].removeprefix(COLLECTION)
    assert (ROOT / f"playbooks/{playbook}.yml").is_file()


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    "ansible": judge_adhoc_call,
    "ansible-playbook": judge_playbook_call,
    "ansible-galaxy": judge_program,
    "ansible-doc": judge_documentation,
    "ansible-builder": judge_builder,
    "ansible-runner": judge_runner,
    "pip": judge_program,
    "podman": judge_program,
    "rm": judge_program,
    "./dev": judge_dev,
    "cd": judge_program,
    "cp": judge_copy,
    "mkdir": judge_program,
    "molecule": judge_molecule,
    "pytest": judge_pytest,
    "python": judge_program,
    "scp": judge_program,
    "exit": judge_program,
    "export": judge_program,
}


def judge_text(block: Block) -> None:
    """Lines for a router's console name what the simulated router has; other text is a drawing or a rule."""
    known = menus(Profile("7.22.2", {}))
    for line in block.text.splitlines():
        if line.startswith("/") and " " in line:
            words = line.split()
            verb = next(place for place, word in enumerate(words) if word in VERBS)
            menu = "/" + "/".join(word.strip("/") for word in words[:verb])
            if menu in OF_ROUTERS_ALONE:
                continue
            assert menu in known, f"no menu of the simulated router: {menu}"
            properties = {each.name for each in known[menu].fields if not each.read_only}
            given = [word.partition("=")[0] for word in words[verb + 1 :] if "=" in word]
            assert set(given) <= properties, f"no properties of {menu}: {set(given) - properties}"


def judge_python(block: Block) -> None:
    """It is Python, and what it imports is there."""
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert [each.name for each in node.names if not hasattr(module, each.name)] == []


VERBS = ("add", "set", "remove", "print", "export", "import", "sign", "export-certificate")
OF_ROUTERS_ALONE = {"/certificate"}  # the simulated router has no certificates but those that it is started with

JUDGES: dict[str, Callable[[Block], None]] = {
    "yaml": judge_yaml,
    "console": judge_console,
    "text": judge_text,
    "ini": judge_ini,
    "python": judge_python,
}
