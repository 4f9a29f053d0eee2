# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where facts about RouterOS come from, by the names under which comments and tables cite them.

Rules of this file: ``stated`` is what MikroTik says, ``schema`` what the console says of itself, ``measured`` what
someone captured on a router or asserts in tests that run on one, ``read`` what a client does that works with routers.
What is ``inferred`` rests on the others by analogy only.
"""

from __future__ import annotations

SOURCES = {
    "API manual": "stated: MikroTik's manual, page API",
    "WireGuard manual": "stated: MikroTik's manual, page WireGuard (2021, 2025 and 2026)",
    "CLI reference": "stated: MikroTik's CLI reference of 2026-10, the page of the menu",
    "firewall manual": "stated: MikroTik's manual, pages FastTrack and routing rule",
    "DNS manual": "stated: MikroTik's manual, page DNS (2025)",
    "schema": "schema: /console/inspect of CHRs from 7.9 to 7.24, as collected in tikoci/restraml",
    "lsp-routeros-ts": "schema: required arguments of 7.20.8, 7.22.1 and 7.23rc1, in tikoci/lsp-routeros-ts",
    "exports": "measured: public verbose exports of 7.20.5 and 7.24.4, and a redacted one with dangling ids",
    "defconf exports": "measured: two public exports of the factory script of SOHO devices",
    "REST samples": "measured: peers of a 7.21+ router, as REST shows them to a user without the policy sensitive",
    "tik4net": "measured: findings and integration tests of danikf/tik4net on 7.21.4, 7.23.2 and 7.24",
    "centrs": "measured: notes and tests of tikoci/centrs on CHR 7.23.1",
    "terraform-routeros": "measured: samples and issues 332, 530, 654, 966 of its provider for RouterOS, 7.2 to 7.21",
    "mktxp": "measured: issue 174 of akpw/mktxp",
    "mikrotik-mcp": "measured: issue 109 and pull request 128 of jeff-nasseri/mikrotik-mcp on 7.21.5 and 7.23.2",
    "cs-routeros-bouncer": "measured: tests of jmrplens/cs-routeros-bouncer on an RB5009 with 7.22.1",
    "routeros-skills": "measured: a captured refusal in tikoci/routeros-skills",
    "wg-portal": "read: h44z/wg-portal, and its issues 516 and 608",
    "librouteros": "read: luqasz/librouteros 4.2.2",
    "community.routeros": "read: ansible-collections/community.routeros, and its issues 332 and 400",
    "inferred": "inferred: nobody is cited; a router may answer otherwise",
}
