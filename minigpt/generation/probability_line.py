"""A token as a line: how likely it was when it was picked, and what else was likely.

  62.1%  ␣cat              ␣dog 20.3%   ␣bird 8.0%   ␣sun 2.2%

The probabilities are those after temperature, top-k and so on, hence what sampling really drew from. With
--temperature 0 nothing is drawn, and they are the model's own.
"""

from minigpt.generation.sampling import token_probabilities
from minigpt.terminal import pad
from tokenizer.show import visible


def probability_line(tokenizer, token, logits, sampling, runners_up=5):
    """The line of one token. logits (V,): those that it was picked by."""
    probabilities = token_probabilities(logits[None], sampling)[0]
    order = (-probabilities).argsort(kind="stable")[: runners_up + 1]
    others = [other for other in order if other != token and probabilities[other] > 0][:runners_up]
    shown = [f"{show(tokenizer, other)} {probabilities[other]:.1%}" for other in others]
    return f"{probabilities[token]:7.1%}  {pad(show(tokenizer, token), 16)}  {'   '.join(shown)}".rstrip()


def show(tokenizer, token):
    """A token as it can be printed: control characters, such as the one that begins colours, as <1b>."""
    content = tokenizer.token_bytes.get(int(token))
    if content is None:
        return f"<{int(token)}>"  # a row without a token
    text = visible(content)
    return text if text.isprintable() else f"<{content.hex(' ')}>"
