# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx for the site that ./dev docs builds. It looks at no other site, so it builds off line."""

from __future__ import annotations

project = "wgfleet.wireguard"
copyright = "wgfleet contributors"
title = html_short_title = "WireGuard networks from one declaration"

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
nitpicky = True
highlight_language = "YAML+Jinja"
pygments_style = "ansible"

html_theme = "sphinx_ansible_theme"
html_theme_options = {"documentation_home_url": "", "topbar_links": {}}
html_show_sphinx = False
html_use_smartypants = True
html_use_modindex = False
html_use_index = False
html_copy_source = False
