"""Computes percentiles by the nearest rank, and prints tables in Markdown."""
import math


def at(values, percent):
    values = sorted(values)
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def median(values):
    return at(values, 50)


def ratio(ones, others):
    """Returns the median ratio of neighbouring values, so that a slow phase of the machine affects both."""
    return median([one / other for one, other in zip(ones, others)])


def ms(seconds):
    value = seconds * 1e3
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms" if value >= 1 else f"{value:.3f} ms"


def spread(values):
    return f"{ms(median(values))} ({ms(min(values))}–{ms(max(values))})"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*names):
    """Prints the head of a table. All columns are right-aligned."""
    row(*names)
    print("|" + "---:|" * len(names), flush=True)
