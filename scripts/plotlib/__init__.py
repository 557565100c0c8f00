"""The plots of a headlock result directory, one file a plot.

`table` and `hlog` read and check files, `results` gathers them, `style` and `panels` are the common look; `throughput`,
`latency`, `locks`, `ratios` and `reclaim` each have one function `draw(results)` that yields (file name, figure).
"""
