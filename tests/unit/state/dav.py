# SPDX-License-Identifier: GPL-3.0-or-later
"""A WebDAV folder of a real nginx (Debian's), on the loopback; with a password where one is given."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

UNPACKED = Path(__file__).resolve().parents[3] / ".cache" / "nginx" / "usr" / "sbin" / "nginx"
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 2; {user}
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}; root {folder}/data; client_max_body_size 64m;
    location / {{ dav_methods {methods}; dav_access user:rw; {login} }}
    location /plain/ {{ }}
  }}
}}
"""


def program() -> str:
    """Return nginx; skip where there is none."""
    found = str(UNPACKED) if UNPACKED.exists() else shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        pytest.skip("no nginx; script/setup --lab unpacks it")
    return found


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextlib.contextmanager
def nginx(folder: Path, methods: str = "PUT DELETE MKCOL", user: str = "", password: str = "") -> Iterator[str]:
    """Run nginx, and return the URL of a folder; what it keeps is in FOLDER/data."""
    command, port = program(), free_port()
    (folder / "data" / "plain").mkdir(parents=True)
    (folder / "users").write_text(f"{user}:{{PLAIN}}{password}\n")
    login = f"auth_basic state; auth_basic_user_file {folder}/users;" if user else ""
    own = "user root;" if os.geteuid() == 0 else ""
    text = CONFIGURATION.format(folder=folder, port=port, methods=methods, login=login, user=own)
    (folder / "nginx.conf").write_text(text)
    words = [command, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            _wait(port, running, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


def _wait(port: int, running: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError((folder / "error.log").read_text())
