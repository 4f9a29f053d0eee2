# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How we recognise on a Linux host what is ours."""

from __future__ import annotations

# The protocol number of our routes and policy rules (RTA_PROTOCOL, FRA_PROTOCOL): above RTPROT_STATIC, and neither in
# linux/rtnetlink.h nor in rt_protos of iproute2.
PROTOCOL = 87

# The first line of each of our configuration files.
MANAGED = "# Managed by wgfleet.wireguard: changes made here are lost."
