"""What readers see and do: `python -m minigpt.learn`. Exercises lie in `exercises/`, a folder each."""
