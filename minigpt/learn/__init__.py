"""What readers see and do, by `python -m minigpt.learn`: a training step as a page (`step`), exercises that
say which mistake was made (`exercises/`, a folder each), and a reference to compare a GPT of one's own with.
"""
