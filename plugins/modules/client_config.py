#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of client_config, which is an action and runs on the controller only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_config
short_description: Have the configurations of clients as files and QR codes on the controller
version_added: 0.1.0
author:
  - wgfleet contributors (@wgfleet)
description:
  - Writes, for every client of every declared network, what the device of that client is configured with. That is the
    text that wg-quick and the programs for all platforms read, the same as a QR code, and a script for RouterOS.
  - Makes the private key of a client once, unless one is declared, and never replaces it. A client whose
    C(public_key) is declared keeps its private key for itself, and gets a file without it.
  - Writes only what differs, and each file by one rename. A second run writes nothing.
  - What is not known yet, such as the key of a server, is reported and not guessed. The files of such a client stay as
    they are. So the first run of a network calls this module twice, before the registry is brought up to date, for the
    keys of new clients, and after it, for their files.
  - Removes the files of a client that has left the declaration, its private key included. Of a client whose C(expires)
    is over, the private key stays, so that it can be prolonged, and all other files are removed. Files and directories
    that this module has not made are never touched.
extends_documentation_fragment:
  - wgfleet.wireguard._attributes
  - wgfleet.wireguard._attributes.changes
options:
  networks:
    description: The whole declaration. What it does not have is removed from O(directory).
    type: dict
    required: true
  registry:
    description: The registry, as M(wgfleet.wireguard.registry) returns it.
    type: dict
    required: true
  directory:
    description:
      - The directory for the files. The directory above it must be there, and keeps two runs apart.
      - It is made with mode 0700. One that is there must be empty or made by this module, and is then closed to others.
        Else nothing is written, since its mode would have to be changed for those who use it.
    type: path
    required: true
  psk_secret:
    description: The secret of which preshared keys are derived. Networks with C(psk=per_pair) need it.
    type: str
    default: ""
  today:
    description: The date on which clients expire or not, as V(2027-01-31). By default that of the controller.
    type: str
  formats:
    description:
      - V(conf) is the text, V(png) and V(svg) are images of a QR code that holds exactly this text, and V(rsc) is a
        script for RouterOS.
      - A client whose C(platform) is C(routeros) always gets its script.
      - There is no image where the private key is unknown, and none of a text of more than 2953 bytes, which no QR code
        holds.
    type: list
    elements: str
    choices: [conf, png, svg, rsc]
    default: [conf, png, svg]
  encrypt:
    description:
      - Encrypt all files by Ansible Vault, with the secret of the run that Ansible itself would encrypt with.
      - C(ansible-vault view) shows a text, C(ansible-vault decrypt --output) gives an image. The lookup
        P(ansible.builtin.file#lookup) decrypts by itself.
    type: bool
    default: false
attributes:
  action:
    description: Indicates this has a corresponding action plugin, so that some parts run on the controller.
    support: full
notes:
  - "Where each secret is. The private key of a client is on the controller, in C(private.key), and in what is made of
    it, the text, the images and the script. It is nowhere else: not in the registry, in no result, no diff and no
    log. The preshared keys are on the controller, in the text, the images and the script, and on the servers. They
    are derived of O(psk_secret), which is where the user keeps it. A private key that is declared is also where it is
    declared."
  - The files of a client are in O(directory), in C(NETWORK/CLIENT), with the client's name and the format as their
    name. All have mode 0600, and all directories 0700, whatever they had before. A file C(.wgfleet) marks what is
    ours.
  - Who loses C(private.key) while the registry has its public half pinned is told so, and no new key is made, because
    the servers know the old one. Remove the C(public_key) of that client from the registry to give it a new key.
  - "Differences between platforms. C(generic), C(mobile), C(macos) and C(linux) get the same text, with only those
    keys that the programs of all platforms know: those for Android, iOS and macOS refuse hooks and routing tables. A
    keepalive that is off is left out, because these two take nothing but a number."
  - "C(windows) gets C(0.0.0.0/1, 128.0.0.0/1) and C(::/1, 8000::/1) in place of C(0.0.0.0/0) and C(::/0). The program
    for Windows blocks all other traffic, that to the local network and its name servers included, as soon as its only
    peer has one of the latter. Who wants that kill switch declares another platform."
  - "C(linux): wg-quick needs resolvconf, or systemd's, where C(dns) is declared. wg-quick, and the program for
    Android, take names of up to 15 letters for a tunnel. Rename a file with a longer one."
  - "C(routeros) gets a script besides, for C(import). It may be imported again: what it made before, it removes
    first, by the comment of its rows. A full tunnel has a routing table of its own, and rules that leave the way to
    the servers and all nearer routes as they are. The address of a server that has a name is looked up when the
    script is imported. What is behind the router goes out under the address of the client. With C(search) in a split
    tunnel only those domains are asked of the client's name server, else all."
  - A file without a private key has an empty C(PrivateKey) line with a remark above. All programs refuse it until the
    owner has completed it, while without that line wg-quick would bring up a tunnel that carries nothing.
  - The QR code for a terminal is not returned, because it holds the private key.
    P(wgfleet.wireguard.terminal_qr#filter) draws it of the file.
  - In check mode, a key that does not exist yet is stood in for by one that belongs to nobody and begins with
    C(MadeInTheRun).
requirements:
  - segno on the controller, for QR codes
seealso:
  - module: wgfleet.wireguard.registry
  - plugin: wgfleet.wireguard.terminal_qr
    plugin_type: filter
"""

EXAMPLES = r"""
# What the module registry gives is registered as pinned, in a task before.
- name: Have the keys of all clients
  wgfleet.wireguard.client_config:
    networks: "{{ wireguard_networks }}"
    registry: "{{ pinned.registry }}"
    directory: "{{ inventory_dir }}/wireguard_clients"
  register: clients
  run_once: true

- name: Hand over the configurations encrypted, without images
  wgfleet.wireguard.client_config:
    networks: "{{ wireguard_networks }}"
    registry: "{{ pinned.registry }}"
    directory: "{{ inventory_dir }}/wireguard_clients"
    psk_secret: "{{ vaulted_secret_of_the_fleet }}"
    formats: [conf]
    encrypt: true
  run_once: true
"""

RETURN = r"""
public_keys:
  description: Public keys of clients, by network and by client, for the registry, but for lost ones.
  type: dict
  returned: success
  sample:
    corp:
      alice-phone: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
clients:
  description: All declared clients.
  type: list
  elements: dict
  returned: success
  contains:
    network:
      description: Name of the network.
      type: str
    name:
      description: Name of the client.
      type: str
    public_key:
      description: Its public key. Empty where that is lost.
      type: str
    addresses:
      description: Its tunnel addresses.
      type: list
      elements: str
    expired:
      description: Whether it has expired.
      type: bool
    secret:
      description:
        - Whether its configuration holds a key that nobody else may see. It does not where the client has a private key
          of its own and shares no key with its servers.
      type: bool
    lacking:
      description:
        - What keeps its files from being made, in short. Empty where nothing does. A client whose private key is not on
          this controller may be a peer of its servers all the same.
      type: str
    files:
      description: Its files, as far as they are known to be complete.
      type: list
      elements: str
  sample:
    - network: corp
      name: alice-phone
      public_key: oSJsHVWNwsC5DZ0CQCyb9ZbqS9QFhZIyoRr0GmNSkHI=
      addresses: [10.255.255.3/32]
      expired: false
      secret: true
      lacking: ""
      files:
        - /srv/inventory/wireguard_clients/corp/alice-phone/private.key
        - /srv/inventory/wireguard_clients/corp/alice-phone/alice-phone.conf
missing:
  description: A sentence about each thing that kept a file from being made.
  type: list
  elements: str
  returned: success
  sample: ["corp/alice-phone: the public key of office1 is not known yet"]
steps:
  description: What was done, or would be done in check mode, and to which file below the directory.
  type: list
  elements: dict
  returned: success
  sample:
    - do: write
      path: corp/alice-phone/alice-phone.conf
writes:
  description: Number of write calls to the system. It is zero when nothing differed, and in check mode.
  type: int
  returned: success
  sample: 1
"""
