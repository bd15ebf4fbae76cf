"""What readers see and do, by `python -m minigpt.learn`: a training step as a page (`step`), exercises that
say which mistake was made (`exercises/`, a folder each), and a reference to compare a GPT of one's own with.

Its files, in the order to read them:

    the page        step.py, sentence.py, tiny.py, record.py, source.py, page.py with the folder page/
    the mistakes    mistakes.py, of plain.py; sites.py, where in the GPT an exercise's function is computed
    the exercises   exercise.py; list.py, start.py, check.py, hint.py and solution.py; behind check.py:
                    examine.py, process.py, numbers.py, diagnose.py; progress.py, what has been done
    the reference   reference.py with reference.md, compare.py, names.py
    all of them     __main__.py, the command line; language.py, English or Chinese
"""
