"""Many messages from a folder or file, as raw bytes."""

from __future__ import annotations

import mailbox
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Messages:
    """The messages of an mbox, a Maildir, a folder of files, or one file; their number is known beforehand."""

    def __init__(self, path: Path) -> None:
        self.box: mailbox.mbox | mailbox.Maildir | None = None
        self.files: list[Path] = []
        if (path / "cur").is_dir() and (path / "new").is_dir():
            self.box = mailbox.Maildir(path, create=False)
        elif path.is_dir():
            self.files = sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        elif path.read_bytes()[:5] == b"From ":
            self.box = mailbox.mbox(path, create=False)
        else:
            self.files = [path]

    def __len__(self) -> int:
        """Return how many messages there are."""
        return len(self.box) if self.box is not None else len(self.files)

    def __iter__(self) -> Iterator[bytes]:
        """Yield each message's bytes, in the folder's order."""
        if self.box is not None:
            yield from (self.box.get_bytes(key) for key in sorted(self.box.keys()))
        else:
            yield from (file.read_bytes() for file in self.files)


def messages(path: Path) -> Messages:
    """Return the messages at a path."""
    return Messages(path)
