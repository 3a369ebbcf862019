"""Hypothesis strategies over the grammar of messages: each choice is an integer, so that a failure shrinks."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.fuzz import grammar
from tests.fuzz.hostile import GENERATORS


def grown(make: Callable[[grammar.Below], bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy out of a maker of the grammar."""

    @st.composite
    def strategy(draw: st.DrawFn) -> bytes:
        return make(lambda number: draw(st.integers(0, number - 1)))

    return strategy()


messages = grown(grammar.message)  # with broken values, but whole
broken_messages = grown(grammar.any_message)
texts = grown(lambda below: grammar.octets(grammar.text(below, 20)))
documents = grown(lambda below: grammar.octets(grammar.html(below)))
fields = grown(lambda below: grammar.octets("".join(grammar.field(below) for _ in range(below(4)))))
fragments = grown(lambda below: b"".join(grammar.fragment(below) for _ in range(below(6))))
hostile = st.builds(lambda name, size: GENERATORS[name](size), st.sampled_from(sorted(GENERATORS)), st.integers(1, 800))
noise = st.binary(max_size=300)
