"""What all tests share."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real: needs a real server; skipped where there is none, but see MAILGATE_REAL")
