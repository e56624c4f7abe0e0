# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until bundles work, seen by a fresh session: that it opens proves the way to the switch."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.seen import Seen

from ..config.names import in_order
from ..device import errors
from ..device.session import Session
from . import verify
from .plan import ExpectedBundle
from .request import Verification

Opener = Callable[[], Session]


def wait(opener: Opener, expected: list[ExpectedBundle], asked: Verification, seconds: float) -> list[str]:
    """Return what was verified.

    Args:
        opener: makes the fresh session
        expected: the bundles that must work
        asked: what is to be verified
        seconds: the longest that may be waited, whatever is asked

    Raises:
        errors.VerificationError: it did not come to be in time; names bundle, port, end and flag.

    """
    deadline = time.monotonic() + min(float(asked.timeout), seconds)
    judged = expected if asked.links else []
    while True:
        session = _open(opener, deadline, asked)
        try:
            wrong = until_good(session, judged, asked, deadline)
            if wrong:
                said = ["The links do not work:", *map(str, wrong), *_neighbours(session, judged)]
                raise errors.VerificationError("\n".join(said))
            break
        except errors.LostError as error:
            # Links that come and go may break a session; the next one may do better.
            if time.monotonic() >= deadline:
                what = f"The verifying session breaks again and again. {error.what}"
                raise errors.VerificationError(what) from None
        finally:
            session.close()
    _command(asked, deadline)
    return _verified(judged, asked)


def _open(opener: Opener, deadline: float, asked: Verification) -> Session:
    asked.progress("opens a fresh session to prove the way to the switch")
    while True:
        try:
            return opener()
        except errors.ConnectError as error:
            if time.monotonic() >= deadline:
                raise errors.VerificationError(
                    f"The switch cannot be reached by a fresh session: {error.what}"
                ) from None
        time.sleep(asked.interval)


def until_good(session: Session, expected: list[ExpectedBundle], asked: Verification, deadline: float) -> list[Seen]:
    """Ask until all is good or the time is over; the first answers come quickly, the later ones seldom."""
    pause = min(0.2, asked.interval)
    while expected:
        wrong = look(session, expected)
        asked.progress(f"waits for {wrong[0].text.rstrip('.')}" if wrong else "verified")
        if not wrong or time.monotonic() + pause >= deadline:
            return wrong
        time.sleep(pause)
        pause = min(asked.interval, pause * 2)
    return []


def look(session: Session, expected: list[ExpectedBundle]) -> list[Seen]:
    """Return what is wrong with the bundles now."""
    state = verify.links(session.read("get_interface_information", terse=True))
    flags = {}
    if any(bundle.lacp for bundle in expected):
        flags = _flags(session)
    return verify.judge(expected, state, flags)


def _flags(session: Session) -> dict[str, dict[str, dict[str, str]]]:
    """Return the LACP flags; a switch whose LACP does not run (yet) has none."""
    try:
        return verify.lacp(session.read("get_lacp_interface_information"))
    except errors.RefusedError:
        return {}


def _neighbours(session: Session, expected: list[ExpectedBundle]) -> list[str]:
    """Return what LLDP says is cabled to the members, to help whoever reads the message."""
    try:
        found = verify.neighbours(session.read("get_lldp_neighbors_information"))
    except errors.SwitchError:
        return []
    ports = [port for bundle in expected for port in bundle.members]
    return [f"LLDP sees {found[port]} on {port}." for port in ports if found.get(port)]


def _command(asked: Verification, deadline: float) -> None:
    """Run the user's reachability command until it exits with 0."""
    while asked.command:
        asked.progress(f"waits for the command {' '.join(asked.command)}")
        left = max(1.0, deadline - time.monotonic())
        try:
            ran = subprocess.run(asked.command, capture_output=True, text=True, timeout=left, check=False)
            if ran.returncode == 0:
                return
            said = (ran.stderr or ran.stdout).strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            said = str(error)
        if time.monotonic() + asked.interval >= deadline:
            raise errors.VerificationError(f"The reachability command {' '.join(asked.command)} failed: {said[-300:]}")
        time.sleep(asked.interval)


def linked(session: Session, ports: list[str]) -> list[Seen]:
    """Return a sentence for each plain port that has a link; without one it may just have nobody at its other end."""
    if not ports:
        return []
    state = verify.links(session.read("get_interface_information", terse=True))
    up = [port for port in ports if state.up.get(port, ("", ""))[1] == "up"]
    return [Seen(f"{port}: the link of this plain port is up", (port,)) for port in sorted(up, key=in_order)]


def verified_bundles(expected: list[ExpectedBundle]) -> list[Seen]:
    """Return a sentence for each bundle that works."""
    found = []
    for bundle in expected:
        how = "LACP flags of both ends" if bundle.lacp else "static, so links and membership only"
        up = [port for port in bundle.members if port not in bundle.disabled]
        off = f"; {', '.join(sorted(bundle.disabled))} disabled" if bundle.disabled else ""
        found.append(Seen(f"{bundle.name}: up with {', '.join(up)} ({how}){off}", (bundle.name,)))
    return found


def _verified(expected: list[ExpectedBundle], asked: Verification) -> list[str]:
    found = ["a fresh NETCONF session opened", *map(str, verified_bundles(expected))]
    return found + ([f"the command {' '.join(asked.command)} succeeded"] if asked.command else [])
