"""Is my backward the derivative of my forward? Finite differences for anyone's layer, and what they show.

check compares, differences are the slopes it compares with, conduct looks for what no slope shows, and
diagnosis says how wrong numbers relate to the right ones.
"""

from minigpt.gradcheck.check import GradientReport, gradcheck
from minigpt.gradcheck.differences import numerical_gradient, relative_error

__all__ = ["GradientReport", "gradcheck", "numerical_gradient", "relative_error"]
