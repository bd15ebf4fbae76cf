"""The training loop's machinery, in a batch's order.

`text_files` (with `encodings`) and `documents` read, `corpus` and `document_windows` cut, `runner` spreads
over the cores, in long runs by `processes` (with `shared_arrays`), and `distributed` (with `shares` and
`sums`) over machines; `evaluation` measures, `run` keeps, by `log` and `state`; `lock`, `interrupt`,
`diagnosis` and `plot` serve at the edges.
"""
