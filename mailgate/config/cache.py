"""What was read from a configuration file, kept as JSON, since reading YAML costs more than the rest of the package.

A cache file is believed only if it is ours alone (owner, no write right for others, a plain file) and was made from
exactly this file by exactly this code. Whatever is off, the YAML is read again. No secret is ever written into it: a
configuration that holds a password itself is not cached.
"""

from __future__ import annotations

import os
import stat
from json import dumps, loads

from mailgate import policy
from mailgate.policy import Authentication, Config, Erp, Limits, Mailbox, Secret, Smtp, SmtpServer, Trust
from mailgate.record import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST = 1024 * 1024  # bytes
FRESH = 2  # seconds: a file changed that lately could change again without its time telling


def stamp(path: str) -> list[object] | None:
    """Return what tells one state of a configuration file, and of the code that reads it, from any other; or None."""
    try:
        files = [os.stat(path), os.stat(policy.__file__), os.stat(os.path.dirname(__file__))]
    except OSError:
        return None
    return [os.path.abspath(path), *([it.st_mtime_ns, it.st_ctime_ns, it.st_size, it.st_ino] for it in files)]


def recall(path: str, mark: list[object]) -> Config | None:
    """Return the configuration that was kept for a file in that state, or None."""
    for folder in _folders():
        raw = _owned(os.path.join(folder, _name(path)))
        if raw is None:
            continue
        try:
            kept = loads(raw)
            if kept["stamp"] == mark:
                return _config(path, kept["config"])
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return None


def keep(path: str, mark: list[object], config: Config) -> None:
    """Keep a configuration for the next run. A cache that cannot be written is no trouble: nothing is raised."""
    import time

    changed = mark[1][1] if isinstance(mark[1], list) else 0
    if time.time() - changed / 1e9 < FRESH or not _harmless(config):
        return
    raw = dumps({"stamp": mark, "config": plain(config)}).encode()
    state, own = _folders()
    if not _write(state, _name(path), raw) and _made(own):
        _write(own, _name(path), raw)


def _folders() -> tuple[str, ...]:
    """The state folder where it is ours, else the user's own cache folder."""
    state = os.environ.get("MAILGATE_STATE") or Config._defaults["state"]
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME") or "/nonexistent", ".cache")
    return state, os.path.join(home, "mailgate")


def _name(path: str) -> str:
    return "config" + os.path.abspath(path).replace("%", "%25").replace("/", "%2F") + ".json"


def _owned(path: str) -> bytes | None:
    """Return a file's bytes if it is a plain file of ours that nobody else can write."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with open(handle, "rb") as file:
        about = os.fstat(handle)
        ours = stat.S_ISREG(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o022
        return file.read(LARGEST) if ours else None


def _harmless(config: Config) -> bool:
    """Whether no password stands in the configuration itself, but for the well-known default."""
    erp = config.erp.password if config.erp.password != Erp().password else None
    secrets = [erp, config.erp.api_key, *(server.password for server in config.smtp.servers)]
    return all(not secret or not secret.value for secret in secrets)


def _made(folder: str) -> bool:
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
    except OSError:
        return False
    return True


def _write(folder: str, name: str, raw: bytes) -> bool:
    """Write a file in one step (new file, then rename) with mode 0600; return whether it is there."""
    new = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        if os.stat(folder).st_uid != os.geteuid():
            return False
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError):
        return False
    try:
        with open(handle, "wb") as file:
            file.write(raw)
        os.replace(new, os.path.join(folder, name))
    except OSError:
        os.unlink(new)
        return False
    return True


# --- JSON to records -------------------------------------------------------------------------------------------------


def _config(path: str, kept: dict[str, Any]) -> Config:
    erp, smtp, authentication = kept["erp"], kept["smtp"], kept["authentication"]
    return Config(
        **_tuples(kept)
        | {
            "source": path,
            "erp": Erp(**erp | {"password": _secret(erp["password"]), "api_key": _secret(erp["api_key"])}),
            "smtp": Smtp(**_tuples(smtp) | {"servers": tuple(_server(server) for server in smtp["servers"])}),
            "authentication": Authentication(
                **_tuples(authentication) | {"trust": tuple(Trust(**entry) for entry in authentication["trust"])}
            ),
            "limits": Limits(**_tuples(kept["limits"])),
            "mailboxes": tuple(Mailbox(**_tuples(mailbox)) for mailbox in kept["mailboxes"]),
        }
    )


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _server(kept: dict[str, Any]) -> SmtpServer:
    return SmtpServer(**kept | {"password": _secret(kept["password"])})


def _secret(kept: dict[str, Any] | None) -> Secret | None:
    return Secret(**_tuples(kept)) if kept else None
