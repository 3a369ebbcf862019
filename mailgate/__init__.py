"""mailgate joins a support team's mail and its ERP's cases: see README.md and docs/flow.md."""
