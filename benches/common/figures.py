"""Percentiles by the nearest rank, and tables in Markdown."""
import math


def at(values, percent):
    values = sorted(values)
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def median(values):
    return at(values, 50)


def ratio(ones, others):
    """The median of the quotients of neighbours, so that a slow spell of the machine counts for both."""
    return median([one / other for one, other in zip(ones, others)])


def ms(seconds):
    value = seconds * 1e3
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms" if value >= 1 else f"{value:.3f} ms"


def spread(values):
    return f"{ms(median(values))} ({ms(min(values))}–{ms(max(values))})"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*names):
    """The first column is a name or a size; numbers are right-aligned."""
    row(*names)
    print("|" + "---:|" * len(names), flush=True)
