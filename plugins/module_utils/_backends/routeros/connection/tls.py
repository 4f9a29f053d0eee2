# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS to a router, with a certificate or without one, and why there is none.

Rules of this file: nothing is trusted that the options do not say; each error tells what to do next.
"""

from __future__ import annotations

import os
import socket
import ssl
import time

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.connection.access import Access
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import NotConnected

# openssl-verify(1), "DIAGNOSTICS".
_DATES = {
    9: "the certificate was made by a router whose clock was in the future: set that (/system/clock,"
    " /system/ntp/client) and make the certificate anew",
    10: "make the certificate anew (/certificate print shows expires-after), after a look at the router's clock"
    " (/system/clock)",
}
# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL.
_OTHER_NAMES = (62, 64)


class Wrapper:
    """Makes a plain socket one of TLS; closes it where that fails."""

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self._context, self._hostname = context, hostname

    def __call__(self, channel: socket.socket) -> socket.socket:
        try:
            return self._context.wrap_socket(channel, server_hostname=self._hostname)
        except BaseException:
            channel.close()
            raise


def tls_wrapper(access: Access) -> Wrapper:
    """Give what makes a connection one of TLS. Raises NotConnected for a CA that cannot be read."""
    return Wrapper(_anonymous() if access.tls_anonymous else _by_certificate(access), access.hostname)


def _anonymous() -> ssl.SSLContext:
    """RouterOS without a certificate offers anonymous Diffie-Hellman only, which TLS 1.3 no longer has."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ADH:@SECLEVEL=0")
    return context


def _by_certificate(access: Access) -> ssl.SSLContext:
    path = access.ca_path
    try:
        is_folder = path is not None and os.path.isdir(path)
        context = ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    except OSError as error:
        raise NotConnected(
            f"the CA in ca_path={os.path.abspath(path or '')} cannot be read: {reason_of(error)}"
        ) from None
    if not access.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def refused_tls(access: Access, error: ssl.SSLError) -> NotConnected:
    """Tell why there is no TLS that both sides accept."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = _DATES.get(error.verify_code, "")
        if hint:
            now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
            hint = f"here it is {now}: if that is wrong, set this clock; if it is right, {hint}"
        elif error.verify_code in _OTHER_NAMES:
            hint = f"have one made with {access.hostname} among its names, or set hostname to a name that it has"
        else:
            hint = "name the CA by ca_path, or turn validate_certs off where the network is trusted"
        reason = error.verify_message.rstrip(".")
        return NotConnected(f"the certificate of {access.address} is not trusted: {reason}; {hint}")
    hint = "tls_anonymous does without a certificate" if not access.tls_anonymous else "the router has a certificate"
    reason = (error.reason or "it is no TLS").lower().replace("_", " ")
    return NotConnected(f"{access.address} speaks no TLS that is acceptable here ({reason}); {hint}")


def reason_of(error: OSError) -> str:
    """Give the reason of an error of the system for people."""
    if isinstance(error, socket.timeout):
        return "there was no answer in time"
    return error.strerror or str(error) or type(error).__name__
