# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A certificate with its key that stands in, in check mode, for one that an earlier role of the run will put there.

It lets ``haproxy -c`` read the rest of a staged configuration. It is public, names the host stand-in.invalid, and only
ever exists in a staging directory of root's that lives for the length of one ``haproxy -c``.
"""

from __future__ import annotations

__all__ = ["PEM"]

PEM = """\
-----BEGIN CERTIFICATE-----
MIIBjTCCATOgAwIBAgIUAL5mdFJccY8G6Hh4w2mIwBaW/a0wCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc3RhbmQtaW4uaW52YWxpZDAgFw0yNjExMjEwOTI0MjhaGA8y
MTI2MTAyODA5MjQyOFowGzEZMBcGA1UEAwwQc3RhbmQtaW4uaW52YWxpZDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABHHKaR5S8rCKS+PeYoAhKtB55Hrf4fNV9TjZ
INF4uxuS/xw1PdlJsFHdDT/fCg1fZ2SnzdkpSvXC7EGK2zhoSRyjUzBRMB0GA1Ud
DgQWBBRl8+dUoWM7k0GEx4l6FLhlL6c82DAfBgNVHSMEGDAWgBRl8+dUoWM7k0GE
x4l6FLhlL6c82DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIHhB
ZiNbrYkM/77AVEhHthdUd+nbv1nl/v9bHRhyfc/2AiEA2JByhXoAXMYipl5q5o8d
MqlxgPcwJa2LSTpYAN4CU7w=
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO1xVvne0cMV9jQEN
dLg9p3S7is0dKARG6W6gTMJYE4OhRANCAARxymkeUvKwikvj3mKAISrQeeR63+Hz
VfU42SDReLsbkv8cNT3ZSbBR3Q0/3woNX2dkp83ZKUr1wuxBits4aEkc
-----END PRIVATE KEY-----
"""
