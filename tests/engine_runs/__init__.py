"""The helpers' asserts say what they compared, as those of the tests do."""

import pytest

pytest.register_assert_rewrite(
    *(f"tests.engine_runs.{name}" for name in ("stack", "drift", "killing"))
)
