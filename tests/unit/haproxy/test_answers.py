# SPDX-License-Identifier: GPL-3.0-or-later
"""What HAProxy's sockets and log say is understood; the texts were taken from 2.6.12 and 3.0.11."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.answers import (
    first_complaint,
    keep_state_of,
    parse_environment,
    parse_servers_state,
    parse_stat,
    servers_in,
)
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.dialect import Dialect, parse_version
from ansible_collections.netstack.datacenter.plugins.module_utils.haproxy.listeners import bound_in
from ansible_collections.netstack.datacenter.plugins.module_utils.service.listening import listening_in
from ansible_collections.netstack.datacenter.plugins.module_utils.service.master import parse_processes

REFUSED_RELOAD = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
273             master          3 [failed: 1]   0d00h29m52s     3.0.11-1+deb13u5
# workers
339             worker          1               0d00h13m51s     3.0.11-1+deb13u5
# old workers
301             worker          2               0d00h20m00s     3.0.11-1+deb13u5
# programs

"""
HEADER = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port\n"
)
DRAINED = "6 web 1 a 127.0.0.1 2 8 30 100 12 15 3 4 6 0 0 0 - 8405 - 0 0 - - 0\n"
STOPPED = "6 web 2 b 10.0.0.2 0 1 0 100 12 1 0 1 14 0 0 0 - 80 - 0 0 - - 0\n"


def test_a_refused_reload_shows_in_the_masters_view() -> None:
    processes = parse_processes(REFUSED_RELOAD)
    assert (processes.master, processes.reloads, processes.failed) == (273, 3, 1)
    assert (processes.workers, processes.old_workers) == ((339,), (301,))


def test_an_answer_without_a_master_is_an_error_and_not_a_success() -> None:
    with pytest.raises(ValueError, match="no master process"):
        parse_processes("Unknown command.\n")


def test_a_drained_and_a_stopped_server_are_told_apart() -> None:
    drained, stopped = parse_servers_state(HEADER + DRAINED + STOPPED)
    assert (drained.backend, drained.name, drained.state, drained.weight, drained.initial_weight) == (
        *("web", "a", "drain"),
        *(30, 100),
    )
    assert (stopped.state, stopped.port) == ("maint", 80)


def test_a_server_that_follows_a_stopped_one_is_not_itself_stopped_by_an_operator() -> None:
    inherited = STOPPED.replace(" 0 1 0 100", " 0 2 100 100")
    assert parse_servers_state(HEADER + inherited)[0].state == "ready"


def test_values_with_an_equals_sign_stay_whole() -> None:
    assert parse_environment("A=1\nB=x=y\n\n") == {"A": "1", "B": "x=y"}


def test_statistics_are_read_by_their_column_names() -> None:
    rows = parse_stat("# pxname,svname,qcur,scur,\nweb,a,0,7,\nweb,BACKEND,0,9,\n")
    assert [(row["svname"], row["scur"]) for row in rows] == [("a", "7"), ("BACKEND", "9")]


BEFORE = "backend web from netstack\n    server a 127.0.0.1:8405 weight 100\n    server b 10.0.0.2:80\n"


def test_the_state_of_an_unchanged_server_is_kept() -> None:
    assert keep_state_of(HEADER + DRAINED + STOPPED, BEFORE, BEFORE + "listen other\n") == HEADER + DRAINED + STOPPED


@pytest.mark.parametrize("address", ["127.0.0.1:8406", "127.0.0.2:8405"])
def test_a_server_whose_address_or_port_changes_starts_afresh(address: str) -> None:
    after = BEFORE.replace("127.0.0.1:8405", address)
    assert keep_state_of(HEADER + DRAINED + STOPPED, BEFORE, after) == HEADER + STOPPED


@pytest.mark.parametrize("address", ["127.0.0.1:8406", "127.0.0.2:8405", "ipv4@127.0.0.1:8406"])
def test_after_an_interrupted_run_the_state_of_the_old_address_is_not_believed(address: str) -> None:
    """The files were replaced and the run was killed before the reload: both texts are the new one."""
    written = BEFORE.replace("127.0.0.1:8405", address)
    assert keep_state_of(HEADER + DRAINED + STOPPED, written, written) == HEADER + STOPPED


@pytest.mark.parametrize("address", ["a.test:8405", "127.0.0.1", "127.0.0.1:+0", "127.0.0.1:${PORT}"])
def test_an_address_that_cannot_be_compared_keeps_its_state(address: str) -> None:
    written = BEFORE.replace("127.0.0.1:8405", address)
    assert DRAINED in keep_state_of(HEADER + DRAINED + STOPPED, written, written)


def test_servers_by_template_and_without_indentation_are_found() -> None:
    text = "listen l\nbind :80\nserver a 10.0.0.1:80 check\nbackend t\n  server-template web 2 a.test:80\n"
    text += "  server-template db 4-5 b.test:81\n"
    assert servers_in(text) == {
        ("l", "a"): "10.0.0.1:80",
        **{("t", name): "a.test:80" for name in ("web1", "web2")},
        **{("t", name): "b.test:81" for name in ("db4", "db5")},
    }


def test_servers_are_found_by_section() -> None:
    assert servers_in(BEFORE) == {("web", "a"): "127.0.0.1:8405", ("web", "b"): "10.0.0.2:80"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[ALERT]    (13) : config : parsing [F:3] : bad\n[ALERT]    (13) : config : next\n", "parsing [F:3] : bad"),
        ("[ALERT] 324/053352 (24) : parsing [F:3] : bad\n", "parsing [F:3] : bad"),
        ("[NOTICE]   (7) : x\n[WARNING]  (7) : config : deprecated\n", "deprecated"),
        ("Nov 21 lb haproxy[9]: [ALERT]    (9) : cannot bind\n", "cannot bind"),
        ("something else\n\n", "something else"),
        ("", ""),
    ],
)
def test_the_first_alert_is_what_the_user_is_told(text: str, complaint: str) -> None:
    assert first_complaint(text) == complaint


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("HAProxy version 3.0.11-1+deb13u5 2026/11/18 - https://haproxy.org/", Dialect(3, 0)),
        ("HA-Proxy version 2.2.9-2+deb11u6 2023/04/10", Dialect(2, 2)),
        ("2.6.12-1+deb12u4", Dialect(2, 6)),
        ("1:2.8.5-1ubuntu3", Dialect(2, 8)),
        ("(none)", None),
    ],
)
def test_a_release_is_read_from_the_program_and_from_the_package(text: str, dialect: Dialect | None) -> None:
    assert parse_version(text) == dialect


def test_binds_are_read_from_the_text() -> None:
    text = "frontend a\n    bind *:80\n    bind 10.0.0.1:443,[::1]:443 ssl\n    bind /run/x.sock\n    bind :8000-8010\n"
    ranged = [("", port) for port in range(8000, 8011)]
    assert bound_in(text) == [("", 80), ("10.0.0.1", 443), ("::1", 443), *ranged]


def test_a_bind_that_is_no_address_is_left_out_and_not_a_crash() -> None:
    assert bound_in("frontend a\n    bind 10.1:80\n    bind [::fg]:80\n    bind 1.2.3.4:99999,10.0.0.1:80\n") == [
        ("10.0.0.1", 80)
    ]


def test_the_kernels_tables_are_read() -> None:
    four = (
        "  sl  local_address rem_address   st\n   0: 0100007F:20D5 00000000:0000 0A 0\n   1: 0B66E70A:1F90 0:0 01 0\n"
    )
    six = "  sl\n   0: 00000000000000000000000001000000:0050 0:0 0A 0\n"
    assert listening_in(four) == {("127.0.0.1", 8405)}
    assert listening_in(six) == {("::1", 80)}


EDITED = """defaults d
    timeout server 5s
backend web
    server a 127.0.0.1:8405 weight 100 check
    server b 10.0.0.2:80 weight 100 check
listen other
    server c 10.0.0.3:80
"""
RIGHT = EDITED.replace("server a 127.0.0.1:8405 weight 100 check", "server a 127.0.0.1:8405 weight 100 check port 1")
ADMIN = "{be} 1 {name} {address} {op} {admin} {weight} {initial} 12 15 3 4 6 0 0 0 - {port} - 0 0 - - 0\n"


def line(name: str, admin: int, weight: int, initial: int = 100, op: int = 2) -> str:
    """Return the state of one of the servers above."""
    places = {"a": ("6 web", "127.0.0.1", 8405), "b": ("6 web", "10.0.0.2", 80), "c": ("7 other", "10.0.0.3", 80)}
    be, address, port = places[name]
    return ADMIN.format(
        be=be, name=name, address=address, port=port, op=op, admin=admin, weight=weight, initial=initial
    )


def test_of_a_proxy_that_a_hand_has_edited_only_drain_and_maintenance_are_kept() -> None:
    state = HEADER + line("a", 8, 30) + line("b", 1, 100) + line("c", 0, 50)
    kept = HEADER + line("a", 8, 100) + line("b", 1, 100) + line("c", 0, 50)
    assert keep_state_of(state, EDITED, RIGHT, edited=True) == kept
    assert keep_state_of(state, EDITED, RIGHT) == state


def test_a_weight_and_a_failed_check_of_a_hand_do_not_survive() -> None:
    state = HEADER + line("a", 0, 30, 30) + line("b", 0, 100, op=0)
    assert keep_state_of(state, EDITED, RIGHT, edited=True) == HEADER


def test_edited_defaults_are_those_of_every_proxy() -> None:
    state = HEADER + line("c", 0, 50)
    assert keep_state_of(state, EDITED, EDITED.replace("5s", "6s"), edited=True) == HEADER


def test_a_server_that_a_hand_had_disabled_in_the_file_comes_back() -> None:
    """HAProxy leaves it down where it has no check, although the new configuration does not disable it (3.0.11)."""
    state = HEADER + line("a", 5, 100, op=0)
    assert keep_state_of(state, EDITED, EDITED) == HEADER
    declared = EDITED.replace("weight 100 check", "weight 100 disabled")
    assert keep_state_of(state, declared, declared) == state
