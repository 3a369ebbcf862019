"""Where secrets are read: at the moment of use, and never into a message, a log or a cache."""

from __future__ import annotations

import os

from mailgate.status import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mailgate.policy import Secret

PATIENCE = 20  # seconds for a password command


def resolve(secret: Secret) -> str:
    """Return the secret itself; of a file or a command's output the first line, without its line end.

    Raises ConfigError that names the place and the mend, never the value.
    """
    if secret.value:
        return secret.value
    if secret.file:
        return _first_line(
            _read(secret.file), f"the password file {secret.file}", "write the password on its first line"
        )
    if secret.env:
        return _variable(secret.env)
    return _output(secret.command) if secret.command else ""


def trouble(secret: Secret) -> str:
    """Return why a secret cannot be had, as far as that is cheap to see (a command is not run), or ""."""
    if secret.command and "/" not in secret.command[0]:
        return ""
    if secret.command:
        found = os.access(secret.command[0], os.X_OK)
        return "" if found else f"the program {secret.command[0]} is not there or cannot be run"
    try:
        resolve(secret)
    except ConfigError as error:
        return str(error)
    return ""


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.readline(4096)
    except OSError as error:
        raise ConfigError(
            f"the password file {path} cannot be read by user id {os.geteuid()} ({error.strerror}): "
            "correct its path, or make it readable for the user that runs mailgate and for nobody else"
        ) from None


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigError(
            f"the environment variable {name} for a password is not set or empty: set it where mailgate is started"
        )
    return value


def _output(command: tuple[str, ...]) -> str:
    import subprocess

    place = f"the password command {command[0]}"
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{place} gave no answer in {PATIENCE} s: it must not ask for anything") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "bad argument"
        raise ConfigError(f"{place} cannot be run ({reason}): correct its path or its permissions") from None
    if run.returncode:
        raise ConfigError(f"{place} ended with status {run.returncode}: run it by hand as the same user")
    return _first_line(run.stdout.split(b"\n", 1)[0], place, "it must print the password as its first line")


def _first_line(line: bytes, place: str, mend: str) -> str:
    try:
        value = line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{place} does not hold UTF-8 text: {mend}") from None
    if not value.strip():
        raise ConfigError(f"{place} is empty: {mend}")
    return value
