# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.added import (
    parse_added,
    render_added,
    told_by_source,
    with_added,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.answers import QUESTIONS, place_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.enrolment import (
    Outcome,
    Situation,
    add_client,
    revoke_client,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import ClientEntry, Pinned
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.networks import key_text

SOURCE = "/srv/wireguard_clients.yml"
NOTHING = ("", None, [])


def network(**changes: Any) -> dict[str, Any]:
    members = {
        "office1": {"endpoint": "192.0.2.1", "routes": ["10.1.0.0/16"]},
        "branch": {"nat": True, "routes": ["10.3.0.0/16"]},
        "partner": {"external": True, "public_key": key_text("partner"), "endpoint": "192.0.2.9"},
    }
    return {"pool": ["10.255.255.0/29"], "members": members, "gateways": {"office1": {}}, **changes}


def situation(**changes: Any) -> Situation:
    fields = {
        "declared": {"corp": network(clients={"desk": {"via": ["office1"]}})},
        "added": {},
        "source": SOURCE,
        "registry": {},
        "today": Day(2026, 11, 21),
        "hosts": ("office1", "branch"),
        **changes,
    }
    return Situation(**fields)


def answers(**changes: Any) -> dict[str, Any]:
    """What a survey hands over: every question, most of them without an answer."""
    given = {variable: "" for variable in QUESTIONS}
    return {
        **given,
        "wireguard_client_name": "phone",
        **{f"wireguard_client_{name}": each for name, each in changes.items()},
    }


def refused(given: dict[str, Any], state: Situation | None = None, do: Any = add_client) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        do(given, state or situation())
    return [str(problem) for problem in caught.value.problems]


def after(outcome: Outcome, **changes: Any) -> Situation:
    return situation(added=outcome.added, **changes)


def test_a_name_is_enough_where_there_is_nothing_to_choose() -> None:
    outcome = add_client(answers(), situation())
    assert outcome == Outcome("corp", "phone", {"corp": {"phone": {"via": ["office1"]}}}, ("office1",))


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_question_without_an_answer_counts_as_not_asked(nothing: Any) -> None:
    given = {variable: nothing for variable in QUESTIONS}
    assert add_client({**given, "wireguard_client_name": "phone"}, situation()) == add_client(answers(), situation())


@pytest.mark.parametrize(
    "written",
    [
        ["10.1.0.0/16", "10.3.0.0/16"],
        "10.1.0.0/16\n10.3.0.0/16\n",
        "10.1.0.0/16, 10.3.0.0/16",
        " 10.1.0.0/16;10.3.0.0/16",
    ],
)
def test_a_list_may_come_as_a_list_or_as_text(written: Any) -> None:
    added = add_client(answers(prefixes=written), situation()).added
    assert added["corp"]["phone"]["networks"] == ["10.1.0.0/16", "10.3.0.0/16"]


def test_all_answers_are_kept_as_a_declaration_would_say_them() -> None:
    given = answers(
        network="corp", via="office1", profile="full", dns="10.1.0.53", expires="2027-01-31", platform="mobile",
        public_key=f" {key_text('phone')} ", change="no",
    )  # fmt: skip
    assert add_client(given, situation()).added["corp"]["phone"] == {
        "via": ["office1"],
        "profile": "full",
        "dns": ["10.1.0.53"],
        "expires": "2027-01-31",
        "public_key": key_text("phone"),
        "platform": "mobile",
    }


BAD = {
    "name": {
        "": "is missing",
        "a b": "is no name of a client",
        "desk": "is declared in wireguard_networks.corp.clients already",
        "branch": "is the name of a member too",
        "../x": "is no name of a client",
    },
    "network": {"crop": "'crop' is no network that is declared; there is corp"},
    "via": {"office9": "'office9' is no member", "branch": "cannot be dialled", "office1 office1": "is there twice"},
    "profile": {"half": "must be one of split, full"},
    "prefixes": {"10.1.0.0/33": "10.1.0.0/33"},
    "dns": {"dns.example": "is no address"},
    "expires": {"31.1.2027": "must be a date, such as 2027-01-31", "2026-11-20": "2026-11-20 is over already"},
    "public_key": {"tooshort": "bytes", key_text("partner"): "partner"},
    "platform": {"amiga": "must be one of"},
    "change": {"perhaps": "must be yes or no"},
}  # fmt: skip


@pytest.mark.parametrize(("question", "answer"), [(name, answer) for name, cases in BAD.items() for answer in cases])
def test_a_bad_answer_is_one_problem_that_names_the_question(question: str, answer: str) -> None:
    (told,) = refused(answers(**{question: answer}))
    assert told.startswith(f"{place_of(f'wireguard_client_{question}')}: ")
    assert BAD[question][answer] in told


def test_every_question_has_a_bad_answer_above() -> None:
    assert {f"wireguard_client_{name}" for name in BAD} == set(QUESTIONS)


@pytest.mark.parametrize("wrong", [{"a": 1}, True, 1.5])
def test_an_answer_of_another_kind_is_a_problem(wrong: Any) -> None:
    assert refused(answers(expires=wrong)) == ["Last day (wireguard_client_expires): must be text"]


def test_all_bad_answers_are_told_at_once() -> None:
    told = refused(answers(via="office9", profile="half", expires="soon", dns="x", public_key="y", change="z"))
    assert len(told) == 6


def test_a_question_that_there_is_not_is_refused() -> None:
    (told,) = refused({**answers(), "wireguard_client_expire": "2027-01-31"})
    assert "did you mean wireguard_client_expires?" in told
    secret = key_text("a private key")
    (told,) = refused({**answers(), "wireguard_client_private_key": secret})
    assert secret not in told


@pytest.mark.parametrize("question", ["name", "network", "via", "profile", "expires", "platform", "dns", "prefixes"])
def test_a_key_in_the_wrong_box_is_not_repeated(question: str) -> None:
    secret = key_text("a private key")
    assert secret[:40] not in "\n".join(refused(answers(**{question: secret})))


def test_where_there_is_a_choice_an_answer_is_required() -> None:
    two = network()
    two["members"]["office2"] = {"endpoint": "192.0.2.2", "routes": ["10.2.0.0/16"]}
    lab = {"pool": ["10.9.9.0/24"], "members": {"office9": {"endpoint": "192.0.2.99"}}}
    state = situation(declared={"corp": two, "lab": lab}, hosts=None)
    assert refused(answers(), state) == [
        f"{place_of('wireguard_client_network')}: is missing: there is more than one, corp, lab"
    ]
    corp = situation(declared={"corp": two}, hosts=None)
    assert refused(answers(expires="soon"), corp)[0].startswith(place_of("wireguard_client_via"))
    assert len(refused(answers(expires="soon"), corp)) == 2
    assert add_client(answers(profile="full"), corp).servers == ("office1",)  # the only gateway


def test_the_same_answers_again_change_nothing() -> None:
    first = add_client(answers(), situation())
    again = add_client(answers(via="office1", profile="split"), after(first))
    assert again.added == first.added


def test_other_answers_are_a_change_that_must_be_meant() -> None:
    first = add_client(answers(public_key=key_text("phone"), dns="10.1.0.53"), situation())
    (told,) = refused(answers(expires="2027-01-31"), after(first))
    assert "'Change the client if it is there'" in told
    changed = add_client(answers(expires="2027-01-31", change="yes"), after(first)).added["corp"]["phone"]
    assert changed == {"via": ["office1"], "expires": "2027-01-31", "public_key": key_text("phone")}


def test_a_pool_without_an_address_left_is_told_before_anything_is_kept() -> None:
    members = network()["members"]
    full = {name: {"via": ["office1"]} for name in ("desk", "tablet", "laptop")}
    state = situation(declared={"corp": {**network(clients=full), "members": {"office1": members["office1"]}}})
    added = add_client(answers(), situation(declared=state.declared, registry={})).added
    filled = state._replace(added={"corp": {**added["corp"], "camera": {"via": ["office1"]}}})
    (told,) = refused({**answers(), "wireguard_client_name": "printer"}, filled)
    assert told.startswith("wireguard_networks.corp.pool: 10.255.255.0/29 has no free address left for printer: make")


def test_what_is_wrong_before_is_told_where_it_stands() -> None:
    state = situation(added={"corp": {"tablet": {"via": ["office7"]}}})
    assert refused(answers(), state) == [
        f"{SOURCE}: networks.corp.clients.tablet.via[0]: 'office7' is no member of this network"
    ]
    broken = network(port=70000)
    (told,) = refused(answers(), situation(declared={"corp": broken}))
    assert told.startswith("wireguard_networks.corp.port: ")


def test_a_client_in_both_places_is_a_problem_that_names_both() -> None:
    state = situation(added={"corp": {"desk": {"via": ["office1"]}}})
    (told,) = refused(answers(), state)
    assert told.startswith("wireguard_networks.corp.clients.desk: ")
    assert SOURCE in told


def test_a_revoked_client_is_kept_no_more_and_its_servers_are_told() -> None:
    first = add_client(answers(), situation())
    second = add_client({**answers(), "wireguard_client_name": "tablet"}, after(first))
    outcome = revoke_client(answers(), after(second))
    assert outcome == Outcome("corp", "phone", {"corp": {"tablet": {"via": ["office1"]}}}, ("office1",))


def test_a_client_that_was_revoked_stays_so() -> None:
    registry = {"corp": Pinned(clients={"phone": ClientEntry(reserved_until=Day(2027, 1, 1))})}
    assert revoke_client(answers(), situation(registry=registry)).added == {}


def test_a_name_of_nobody_cannot_be_revoked() -> None:
    first = add_client(answers(), situation())
    (told,) = refused({**answers(), "wireguard_client_name": "phome"}, after(first), revoke_client)
    assert told.startswith(place_of("wireguard_client_name"))
    assert "did you mean phone?" in told
    (told,) = refused({**answers(), "wireguard_client_name": "printer"}, after(first), revoke_client)
    assert told.endswith("those that were added are phone")
    (told,) = refused({**answers(), "wireguard_client_name": "printer"}, situation(), revoke_client)
    assert told.endswith("none was added")
    (told,) = refused({**answers(), "wireguard_client_name": "desk"}, after(first), revoke_client)
    assert "wireguard_networks.corp.clients" in told
    (told,) = refused(answers(name=""), after(first), revoke_client)
    assert told == f"{place_of('wireguard_client_name')}: is missing"


@pytest.mark.parametrize("number", [7, 31])
def test_a_number_names_no_new_client_since_another_may_have_been_typed(number: int) -> None:
    (problem,) = refused(answers(name=number))
    assert f"arrives as the number {number}" in problem


def test_a_client_whose_name_is_a_number_can_be_revoked_by_the_number() -> None:
    added = add_client(answers(name="7"), situation())
    assert revoke_client(answers(name=7), after(added)).added == {"corp": {}}


def test_nothing_is_changed_in_place() -> None:
    state = situation(added={"corp": {"tablet": {"via": ["office1"]}}})
    before = copy.deepcopy((state.declared, state.added))
    add_client(answers(), state)
    revoke_client({**answers(), "wireguard_client_name": "tablet"}, state)
    assert (state.declared, state.added) == before


def test_the_file_reads_what_it_writes() -> None:
    added = {"corp": {"phone": {"via": ["office1"]}}}
    assert parse_added(render_added(added), SOURCE) == added
    assert parse_added(None, SOURCE) == {}
    assert render_added({"corp": {}})["networks"] == {}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], SOURCE),
        ({"version": 2}, f"{SOURCE}: version"),
        ({"networks": {"corp": {"members": {}}}}, f"{SOURCE}: networks.corp.members"),
        ({"networks": {"corp": {"clients": {"a": "b"}}}}, f"{SOURCE}: networks.corp.clients.a"),
        (
            {"networks": {"corp": {"clients": {"a": {"private_key": "x"}}}}},
            f"{SOURCE}: networks.corp.clients.a.private_key",
        ),
    ],
)
def test_a_malformed_file_is_a_problem_with_its_path(data: Any, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_added(data, SOURCE)
    assert {problem.place for problem in caught.value.problems} == {place}


def test_clients_of_a_network_that_is_not_declared_have_no_effect() -> None:
    declared = {"corp": network()}
    assert with_added(declared, {"gone": {"phone": {"via": ["office1"]}}}, SOURCE) == declared


def test_problems_with_others_keep_their_place() -> None:
    problems = [Problem("wireguard_networks.corp.clients.phone-of-bob", "x"), Problem("", "y")]
    assert told_by_source(problems, {"corp": {"phone": {}}}, SOURCE) == problems
