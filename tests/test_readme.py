"""What the README quotes from the code is the code."""

import inspect
from pathlib import Path

from minigpt.layers import layernorm_backward

README = Path(__file__).parents[1] / "README.md"


def test_the_backward_that_the_readme_shows_is_the_one_that_runs():
    assert f"```python\n{inspect.getsource(layernorm_backward)}```" in README.read_text(encoding="utf-8")
