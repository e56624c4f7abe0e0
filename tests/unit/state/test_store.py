# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a folder and a folder of a WebDAV server keep the same, and that two writers never lose each other's."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.private_files import file_name
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.of_run import store_of
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.store import StateError, Store
from ansible_collections.netstack.datacenter.plugins.plugin_utils.state.web import ABANDONED, Access, Answer, Web

from .dav import free_port, nginx

NAME = (file_name("run 1/ü"), "esx1~links.json")
WRITERS, EACH = 4, 6


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    with nginx(folder) as url:
        yield url, folder / "data"


@pytest.fixture(params=["folder", "url"])
def place(request, tmp_path) -> tuple[str, Path]:
    """Return where a store is, and the folder in which its files are."""
    if request.param == "folder":
        return str(tmp_path / "state"), tmp_path / "state"
    url, data = request.getfixturevalue("server")
    name = tmp_path.name
    return f"{url}/{name}/", data / name


def store(where: str) -> Store:
    return store_of(where, lambda _name: None)


def test_a_text_is_read_back_as_it_was_written_under_the_same_name_in_both(place):
    where, files = place
    kept = store(where)
    assert kept.read(NAME) == ""
    seen: list[str] = []
    for text in ("first ü\n", "second"):
        kept.update(NAME, lambda old, text=text: seen.append(old) or text)
        assert store(where).read(NAME) == text
    assert seen == ["", "first ü\n"]
    assert files.joinpath(*NAME).read_text() == "second"
    assert [file for file in files.rglob("*") if file.name.endswith(".lock") and file.is_dir()] == []


def add(where: str, number: int) -> None:
    for each in range(EACH):
        store(where).update(NAME, lambda old, each=each: json.dumps([*json.loads(old or "[]"), [number, each]]))


def test_of_writers_at_the_same_time_none_loses_what_another_one_wrote(place):
    where, _files = place
    processes = [multiprocessing.Process(target=add, args=(where, number)) for number in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * WRITERS
    found = json.loads(store(where).read(NAME))
    assert sorted(found) == [[number, each] for number in range(WRITERS) for each in range(EACH)]


class Clock:
    """Hours pass in no time; `then` is done at the first pause."""

    def __init__(self, then: Callable[[], object] = int) -> None:
        self.now, self.pauses, self.then = 0.0, 0, then

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1
        if self.pauses == 1:
            self.then()


def test_what_a_dead_job_left_held_is_taken_over_and_that_of_a_living_one_waited_for(server, tmp_path):
    url, data = server
    where = f"{url}/{tmp_path.name}"
    store(where).update(NAME, lambda _old: "before")
    held = data / tmp_path.name / NAME[0] / f"{NAME[1]}.lock"
    held.mkdir()
    (held / "owner").write_text("a dead job")
    clock = Clock()
    Web(where, Access(), clock).update(NAME, lambda old: f"{old} and after")
    assert (store(where).read(NAME), held.exists()) == ("before and after", False)
    assert clock.now > ABANDONED

    def let_go() -> None:
        (held / "owner").unlink()
        held.rmdir()

    held.mkdir()
    (held / "owner").write_text("a living job")
    clock = Clock(let_go)
    Web(where, Access(), clock).update(NAME, lambda old: f"{old}wards")
    assert (store(where).read(NAME), clock.pauses) == ("before and afterwards", 1)


class Heeding(Web):
    """A server that heeds conditions, and on which somebody without our lock writes between reading and writing."""

    asked: list[dict[str, str] | None]

    def _ask(self, method: str, url: str, text: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        if method == "GET":
            return Answer(200, "old", self.tag)
        if method == "PUT" and not url.endswith("/owner"):
            self.asked = [headers]
            return Answer(412 if headers else 204)
        return Answer(201 if method in ("MKCOL", "PUT") else 204)


def test_a_server_that_heeds_conditions_is_given_them_and_its_refusal_loses_nothing():
    kept = Heeding("https://kept.example.com/state", Access())
    kept.tag = '"17"'
    with pytest.raises(StateError, match="somebody else wrote it in between"):
        kept.update(NAME, lambda _old: "new")
    assert kept.asked == [{"If-Match": '"17"'}]
    kept.tag = 'W/"17"'  # matches nothing, whoever wrote
    kept.update(NAME, lambda _old: "new")
    assert kept.asked == [{}]


def test_the_check_leaves_nothing_and_names_what_a_server_lacks(server, tmp_path):
    url, data = server
    Web(f"{url}/{tmp_path.name}", Access()).check()
    assert list((data / tmp_path.name).iterdir()) == []
    with pytest.raises(StateError, match=r"/plain/.*GET, PUT, DELETE and MKCOL"):
        Web(f"{url}/plain", Access(), Clock()).check()
    Web(f"{url}/{tmp_path.name}/below/others", Access()).check()
    assert list((data / tmp_path.name / "below").iterdir()) == [data / tmp_path.name / "below" / "others"]
    with pytest.raises(StateError, match="cannot be reached"):
        Web(f"http://127.0.0.1:{free_port()}", Access()).check()


def test_a_password_is_needed_where_the_server_asks_for_one_and_is_in_no_message(tmp_path):
    with nginx(tmp_path, user="kept", password="canary-4711") as url:
        with pytest.raises(StateError, match=r"401.*netstack_state_user"):
            store(url).read(NAME)
        given = {"netstack_state_user": "kept", "netstack_state_password": "canary-4711"}
        kept = store_of(url, given.get)
        kept.update(NAME, lambda _old: "text")
        assert kept.read(NAME) == "text"
        wrong = {**given, "netstack_state_user": "other"}
        with pytest.raises(StateError) as refused:
            store_of(url, wrong.get).read(NAME)
        assert "canary-4711" not in f"{refused.value} {refused.value!r} {Access('kept', 'canary-4711')}"


@pytest.mark.parametrize(
    ("url", "user", "message"),
    [
        ("https://me:canary@kept.example.com/state", "", "names a user in its URL"),
        ("http://kept.example.com/state", "me", "would go in the clear"),
        ("https://kept.example.com/state?x=1", "", "must be https://HOST/FOLDER"),
        ("https:///state", "", "must be https://HOST/FOLDER"),
        ("https://[kept/state", "", "is no URL"),
    ],
)
def test_a_url_that_would_show_a_password_or_is_none_is_refused(url, user, message):
    with pytest.raises(StateError, match=message) as refused:
        Web(url, Access(user, "canary"))
    assert "canary" not in str(refused.value)
