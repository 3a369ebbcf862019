"""The state folder: who may use it, the raw messages in it as files of their own, and the key of our tokens.

A raw message is written aside, synced and renamed: a crash leaves it whole or not there.
"""

from __future__ import annotations

import os
import time
from stat import S_ISDIR

from mailgate.status import JournalError


class Folder:
    """One state folder. Raises JournalError where it cannot be used."""

    def __init__(self, folder: str, readonly: bool = False) -> None:
        self.folder = folder
        self.spool = os.path.join(folder, "mail")
        self.readonly = readonly
        try:
            if not readonly:
                prepare(folder)
                prepare(self.spool)
        except OSError as error:
            raise JournalError(f"the state folder {folder} cannot be used: {why(error)}", repr(error)) from error

    def keep(self, raw: bytes) -> str:
        """Store a message's bytes as a file that survives a crash, and return its name."""
        now = time.time_ns()
        name = f"{now:020d}-{os.getpid()}.eml"
        path, aside = os.path.join(self.spool, name), os.path.join(self.spool, f".{name}.tmp")
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                view = memoryview(raw)
                while view:
                    view = view[os.write(handle, view) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            os.rename(aside, path)
            sync_folder(self.spool)
        except OSError as error:
            self.discard(os.path.basename(aside))
            raise JournalError(f"a message cannot be kept in {self.spool}: {why(error)}", repr(error)) from error
        return name

    def raw(self, name: str) -> bytes:
        """Return the bytes of a kept message."""
        try:
            with open(os.path.join(self.spool, name), "rb") as file:
                return file.read()
        except OSError as error:
            raise JournalError(f"the kept message {name} cannot be read: {why(error)}", repr(error)) from error

    def has(self, name: str) -> bool:
        """Tell whether a kept message is there."""
        return bool(name) and os.path.exists(os.path.join(self.spool, name))

    def discard(self, name: str) -> None:
        """Remove a kept message that is not needed any more."""
        try:
            os.unlink(os.path.join(self.spool, name))
        except FileNotFoundError:
            return

    def secrets(self) -> tuple[bytes, ...]:
        """Return the keys that tokens are made with, the first of them made at first use (mode 0600)."""
        path = os.path.join(self.folder, "token.key")
        if self.readonly and not os.path.exists(path):
            return (b"no key yet",)
        try:
            return key(path)
        except (OSError, ValueError) as error:
            raise JournalError(f"the key {path} cannot be read or made: {why(error)}", repr(error)) from error


def prepare(folder: str) -> None:
    """Make a folder of our own, or refuse one that others can write to."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        mode = os.stat(folder).st_mode
        if not S_ISDIR(mode):
            raise NotADirectoryError("it is not a folder") from None
        if mode & 0o022:
            raise PermissionError(f"others can write to it: chmod go-w {folder}") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError("it is not writable for this user") from None


def key(path: str) -> tuple[bytes, ...]:
    """Return the keys in a file, the first of them made at first use; two processes at once make one."""
    try:
        with open(path, encoding="ascii") as file:
            keys = tuple(bytes.fromhex(line) for line in file.read().split())
        if not keys:
            raise ValueError("it is empty")
        return keys
    except FileNotFoundError:
        aside = f"{path}.{os.getpid()}.tmp"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(os.urandom(32).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)  # fails where another process was first: its key counts
        except FileExistsError:
            pass
        finally:
            os.unlink(aside)
        return key(path)


def sync_folder(folder: str) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def why(error: Exception) -> str:
    """Return what an error of the system or of SQLite says, without its number."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
