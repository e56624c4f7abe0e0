# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ends that the engine of `cutover` changes, a Juniper EX and an ESXi host: the one place that knows both."""
