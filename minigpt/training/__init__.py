"""The training loop's machinery, in a batch's order: `corpus` cuts it, `runner` spreads it over the cores,
`evaluation` measures, `log` and `state` keep; `interrupt`, `diagnosis` and `plot` serve at the edges.
"""
