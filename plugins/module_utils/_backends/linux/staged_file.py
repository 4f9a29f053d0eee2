# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file that is written in two movements: made ready beside its place, then moved there.

Rules of this file: who reads the file finds all of it or what was there before, also after a crash. Whatever can fail
for want of space or permission fails before the move.
"""

from __future__ import annotations

import os
import tempfile


class StagedFile:
    """A new content of a file, or its removal (None), that waits for its commit."""

    def __init__(self, path: str, content: bytes | None, mode: int = 0o600) -> None:
        self._path = path
        self._staged = ""
        if content is None:
            return
        descriptor, self._staged = tempfile.mkstemp(prefix=".wgfleet-", dir=os.path.dirname(path))
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, mode)
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
        except BaseException:
            self.close()
            raise

    def commit(self) -> None:
        """Move the content to its place, or remove the file."""
        if self._staged:
            os.replace(self._staged, self._path)
            self._staged = ""
        else:
            os.unlink(self._path)

    def close(self) -> None:
        """Drop what was not committed. May be called twice."""
        if self._staged:
            os.unlink(self._staged)
            self._staged = ""
