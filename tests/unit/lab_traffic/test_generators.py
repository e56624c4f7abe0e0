# SPDX-License-Identifier: GPL-3.0-or-later
"""What hey and wrk print is read for what failed; the texts are theirs, but for the numbers."""

from __future__ import annotations

import sys

import pytest

from podman import PodmanError
from traffic import generators

HEY = """
Summary:
  Total:	2.0106 secs
  Requests/sec:	39.7895

Response time histogram:
  0.001 [1]	|■
  0.002 [29]	|■■■■

Status code distribution:
{statuses}
{errors}
"""
REFUSED = 'Get "https://shop.lab.test/": dial tcp 10.231.10.100:443: connect: connection refused'
WRK = """Running 120m test @ https://shop.lab.test/whoami
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Req/Sec    18.10k    10.65k   31.25k    70.00%
  17984 requests in 2.12s, 2.69MB read
{trouble}Requests/sec:   8476.32
"""


@pytest.mark.parametrize(
    ("statuses", "errors", "requests", "causes"),
    [
        ("  [200]\t38 responses", "", 38, {}),
        ("  [200]\t38 responses\n  [503]\t2 responses", "", 40, {"status 503": 2}),
        ("  [200]\t38 responses", f"Error distribution:\n  [42]\t{REFUSED}\n", 80, {REFUSED: 42}),
    ],
)
def test_hey_tells_statuses_and_errors(statuses, errors, requests, causes):
    counted = generators.read_hey(HEY.format(statuses=statuses, errors=errors))
    assert (counted.requests, counted.causes, counted.failed) == (requests, causes, sum(causes.values()))


@pytest.mark.parametrize(
    ("trouble", "requests", "causes"),
    [
        ("", 17984, {}),
        (
            "  Socket errors: connect 0, read 2, write 9, timeout 0\n",
            17995,
            {"read error": 2, "write error": 9},
        ),
        ("  Non-2xx or 3xx responses: 7\n", 17984, {"status": 7}),
    ],
)
def test_wrk_tells_socket_errors_and_statuses(trouble, requests, causes):
    counted = generators.read_wrk(WRK.format(trouble=trouble))
    assert (counted.requests, counted.causes) == (requests, causes)


@pytest.mark.parametrize("read", [generators.read_hey, generators.read_wrk])
def test_a_generator_that_did_not_run_is_no_figure(read):
    with pytest.raises(PodmanError, match="unable to connect"):
        read("unable to connect to shop.lab.test:443 Connection refused")


def test_it_goes_on_until_it_is_stopped(monkeypatch):
    program = "import sys\nsys.stdin.read()\nprint(sys.argv[1])"
    printed = WRK.format(trouble="")
    monkeypatch.setattr(generators, "as_root", lambda _command: [sys.executable, "-c", program, printed])
    with generators.Generator("client", generators.wrk("https://shop.lab.test/", 2)) as running:
        assert running.process.poll() is None
        assert running.stop().requests == 17984
        assert running.stop().requests == 17984
