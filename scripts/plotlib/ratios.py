"""Each strategy against the baseline: the ratio, its interval, the verdict. One panel a workload and thread count, one
figure a metric."""

import polars as pl
from matplotlib.ticker import MaxNLocator

from . import panels, style, units

ROW_IN = 0.3
VERDICT_IN = 0.75
METRICS = {
    "ns_per_op": "Time per operation",
    "net_ns_per_op": "Time per operation, net of the harness floor",
    "service_ns": "Service time under paced load",
}
VERDICTS = {
    "faster": {"weight": "bold"},
    "slower": {"weight": "bold"},
    "same": {},
    "unclear": {"style": "italic", "color": style.MUTED},
}


def draw(results):
    if results.ratios is None:
        return
    # The floor's ratio would say how little doing nothing costs.
    rows = results.ratios.filter(pl.col("strategy") != "floor")
    drawn = rows.filter(pl.all_horizontal(pl.col("ratio", "ci_low", "ci_high").is_finite().fill_null(False)))
    if drawn.height < rows.height:
        results.warn(f"ratios.csv has {rows.height - drawn.height} rows without a finite ratio and interval: left out")
    for metric in drawn["metric"].unique(maintain_order=True):
        of_metric = drawn.filter(pl.col("metric") == metric)
        if (of_metric["strategy"] != "aa-control").any():
            name = "ratios" if metric == "ns_per_op" else f"ratios-{_file_name(metric)}"
            yield name, _figure(results, metric, of_metric, _left_out(drawn, metric))


def _file_name(metric):
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in metric).replace("-ns-per-op", "")


def _left_out(rows, metric):
    """Strategies that have a ratio somewhere, but no net one there: they cannot be told from the floor."""
    if metric != "net_ns_per_op":
        return []
    place = ["workload", "threads", "strategy"]
    raw = rows.filter((pl.col("metric") == "ns_per_op") & (pl.col("strategy") != "aa-control"))
    return raw.join(rows.filter(pl.col("metric") == metric), on=place, how="anti")["strategy"].unique().sort().to_list()


def _figure(results, metric, rows, left_out):
    strategies = rows.filter(pl.col("strategy") != "aa-control")
    order = {workload: place for place, workload in enumerate(results.workloads())}
    points = sorted(set(strategies.select("workload", "threads").rows()), key=lambda p: (order.get(p[0], 99), *p))
    most = max(strategies.filter(workload=w, threads=t).height for w, t in points)
    numbers = max(style.width_in(_numbers(row), style.SMALL) for row in strategies.iter_rows(named=True))
    left = max(style.width_in(style.fitted(name, 2.2), style.BASE) for name in strategies["strategy"]) + 0.35
    baselines = strategies["baseline"].unique().sort().to_list()
    over = " or ".join(style.fitted(name, 2.2) for name in baselines)
    subtitle = f"Below 1 is faster than {over}. Bars: 95 % interval over blocks."
    if strategies.height < rows.height:
        subtitle += " Grey: the A/A control's interval, the resolution of this run; no difference inside it is one."
    if left_out:
        subtitle += f" Left out where they cannot be told from the floor: {', '.join(style.fitted(n, 2.2) for n in left_out)}."
    title = f"{METRICS.get(metric, style.fitted(metric, 3))}, relative to {over}"
    figure, grid = panels.grid(
        len(points),
        panels.columns_for(points),
        (3.7, most * ROW_IN + 0.1),
        (left, numbers + VERDICT_IN + 0.45, 0.65),
        title,
        subtitle,
    )
    # One scale for all panels, so that a strategy's place can be followed from one to the next.
    scale = _scale(strategies)
    for axes, (workload, threads) in zip(grid, points, strict=True):
        here = strategies.filter(workload=workload, threads=threads).sort("ratio", "strategy", descending=True)
        control = rows.filter(workload=workload, threads=threads, strategy="aa-control")
        _apply(axes, scale)
        axes.set_xlabel(f"ratio to {over}{' (log)' if scale[2] else ''}")
        _panel(axes, here, control, numbers)
        note = f"{threads} thread{'s'[: threads != 1]}"
        if control.height:
            note += f", resolution {_resolution(control)}"
        panels.panel_title(axes, workload, note)
    return figure


def _numbers(row):
    digits = 3 if row["ci_high"] < 10 else 2 if row["ci_high"] < 100 else 1
    return f"{row['ratio']:.{digits}f} [{row['ci_low']:.{digits}f}, {row['ci_high']:.{digits}f}]"


def _resolution(control):
    """How far the A/A control's interval reaches from 1, as ratios.csv has it: down to 1/1.02 is as far as up to 1.02."""
    low, high = control["ci_low"][0], control["ci_high"][0]
    reach = max(1 / low if low > 0 else float("inf"), high) - 1
    return f"±{100 * reach:.2g} %"


def _scale(rows):
    """(low, high, log): every interval and the 1 inside; log when the far ends differ more than threefold."""
    low = min(rows["ci_low"].min(), rows["ratio"].min(), 1.0)
    high = max(rows["ci_high"].max(), rows["ratio"].max(), 1.0)
    if low > 0 and high / low > 3:
        reach = (high / low) ** 0.05
        return low / reach, high * reach, True
    reach = max((high - low) * 0.06, 0.01)
    return low - reach, high + reach, False


def _apply(axes, scale):
    low, high, log = scale
    if log:
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        units.log_axis(axes.xaxis, low, high, lambda value: f"{value:.4g}", most=7)
    else:
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(MaxNLocator(5))


def _panel(axes, rows, control, numbers_in):
    axes.set_ylim(-0.6, rows.height - 0.4)
    axes.set_yticks(range(rows.height), [style.fitted(name, 2.2) for name in rows["strategy"]], size=style.BASE)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    if control.height:
        axes.axvspan(control["ci_low"][0], control["ci_high"][0], color=style.SHADE, linewidth=0, zorder=0.5)
    axes.axvline(1, color=style.INK, linewidth=0.9, zorder=1)
    for place, row in enumerate(rows.iter_rows(named=True)):
        look = style.look(row["strategy"])
        axes.plot(
            [row["ci_low"], row["ci_high"]],
            [place, place],
            color=look.colour,
            linewidth=2,
            marker="|",
            markersize=9,
            markeredgewidth=1.4,
            zorder=2,
        )
        axes.plot([row["ratio"]], [place], zorder=3, **look.mark(0.8))
        beside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center_baseline"}
        axes.annotate(_numbers(row), (1, place), (10, 0), size=style.SMALL, annotation_clip=False, **beside)
        axes.annotate(
            row["verdict"],
            (1, place),
            (18 + numbers_in * 72, 0),
            size=style.SMALL,
            annotation_clip=False,
            **beside,
            **VERDICTS.get(row["verdict"], {}),
        )
