# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the checkout to where ansible-test accepts it: TREE/ansible_collections/wgfleet/wireguard.

ansible-test resolves symbolic links and wants that real path. The copy is a git repository of its own, because
ansible-test skips, with success, whatever an outer repository ignores. Results and the environments of earlier
runs (tests/output) survive, everything else is made anew. TREE says which checkout it is of, and trees beside it whose
checkout is gone are removed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ORIGIN = "checkout"  # the file of a tree that names it


def tracked_or_new(root: Path) -> list[Path]:
    """Files that git tracks or would add, as paths relative to the root; deleted ones are left out."""
    listing = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    return [Path(name) for name in names if name and (root / name).is_file()]


def clear(directory: Path, keep: Path) -> None:
    """Remove what is in the directory, but for the path to keep and its parents."""
    for entry in directory.iterdir():
        if entry == keep:
            continue
        if entry in keep.parents:
            clear(entry, keep)
        elif entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def forget_gone(trees: Path) -> None:
    """Remove the trees whose checkout is there no more. What does not name one is left alone."""
    for origin in trees.glob(f"*/{ORIGIN}"):
        if not Path(origin.read_text(encoding="utf-8").strip(), "dev").exists():
            shutil.rmtree(origin.parent)


def main() -> None:
    root = Path(__file__).resolve().parents[2]
    tree = Path(sys.argv[1])
    copy = tree / "ansible_collections/wgfleet/wireguard"
    forget_gone(tree.parent)
    copy.mkdir(parents=True, exist_ok=True)
    (tree / ORIGIN).write_text(f"{root}\n", encoding="utf-8")
    clear(copy, keep=copy / "tests" / "output")
    for path in tracked_or_new(root):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, copy / path)
    subprocess.run(["git", "init", "--quiet", str(copy)], check=True)


if __name__ == "__main__":
    main()
