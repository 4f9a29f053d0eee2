# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How we recognise on a Linux host what is ours."""

from __future__ import annotations

# The protocol numbers of our routes and policy rules (RTA_PROTOCOL, FRA_PROTOCOL): above RTPROT_STATIC, and neither in
# linux/rtnetlink.h nor in rt_protos of iproute2. What belongs to an interface itself is told from what a split tunnel
# leads through it, since each goes without the other.
ROUTE_PROTOCOL = 87
SPLIT_PROTOCOL = 88

# The first line of each of our configuration files.
MANAGED = "# Managed by wgfleet.wireguard: changes made here are lost."
