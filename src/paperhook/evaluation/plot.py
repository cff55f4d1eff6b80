"""Two plots as SVG: how confidence is spread over right and wrong values, and whether it means what it says."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import Bin, calibration_error

_LEFT, _TOP, _WIDTH, _HEIGHT = 50, 30, 360, 200
_RIGHT, _WRONG, _INK, _GRID = "#1a7f37", "#c1121f", "#57606a", "#d8dee4"


def distribution_plot(bins: Sequence[Bin]) -> str:
    """Draw how many values have which confidence: right ones below, wrong ones on top."""
    most = max([each.count for each in bins] or [1]) or 1
    bars = ""
    for each in bins:
        x, width = _x(each.low) + 1, _WIDTH * (each.high - each.low) - 2
        middle, top = _y(each.right / most), _y(each.count / most)
        hint = f"confidence {each.low:.1f} to {each.high:.1f}: {each.right} right, {each.wrong} wrong"
        bars += (
            f"<g><title>{hint}</title>{_bar(x, middle, width, _y(0) - middle, _RIGHT)}"
            f"{_bar(x, top, width, middle - top, _WRONG)}"
            f"{_text(x + width / 2, top - 4, str(each.count)) if each.count else ''}</g>"
        )
    return _plot("values by confidence: right (green), wrong (red)", _axes(str(most)) + bars)


def calibration_plot(bins: Sequence[Bin]) -> str:
    """Draw the share of right values over the mean confidence; on the line, confidence means what it says."""
    error = calibration_error(bins)
    points = "".join(
        f"<circle cx='{_x(each.mean_confidence):.1f}' cy='{_y(each.share_right):.1f}' r='{3 + min(9, each.count**0.5):.1f}'"
        f" fill='#0969da' fill-opacity='.6'><title>mean confidence {each.mean_confidence:.2f}: {each.share_right:.0%} of"
        f" {each.count} right</title></circle>"
        for each in bins
        if each.count
    )
    line = (
        f"<line x1='{_x(0)}' y1='{_y(0)}' x2='{_x(1)}' y2='{_y(1)}' stroke='{_INK}' stroke-dasharray='4 4'/>"
    )
    told = "no value has a confidence" if error is None else f"calibration error {error:.3f}"
    return _plot(f"share right by confidence: {told}", _axes("100 %") + line + points)


def _plot(title: str, inner: str) -> str:
    size = f"{_LEFT + _WIDTH + 20} {_TOP + _HEIGHT + 45}"
    width, height = size.split()
    return (
        f"<svg viewBox='0 0 {size}' width='{width}' height='{height}' role='img' aria-label='{title}'"
        f" font-family='system-ui, sans-serif' font-size='11' fill='{_INK}'>"
        f"{_text(_LEFT + _WIDTH / 2, 15, title)}{inner}</svg>"
    )


def _axes(top: str) -> str:
    grid = "".join(
        f"<line x1='{_LEFT}' y1='{_y(part):.1f}' x2='{_LEFT + _WIDTH}' y2='{_y(part):.1f}' stroke='{_GRID}'/>"
        for part in (0, 0.25, 0.5, 0.75, 1)
    )
    labels = "".join(
        _text(_x(part / 10), _TOP + _HEIGHT + 16, f"{part / 10:.1f}") for part in range(0, 11, 2)
    )
    edge = f"<text x='{_LEFT - 6}' y='{_y(1) + 4}' text-anchor='end'>{top}</text>"
    zero = f"<text x='{_LEFT - 6}' y='{_y(0) + 4}' text-anchor='end'>0</text>"
    return grid + labels + edge + zero + _text(_LEFT + _WIDTH / 2, _TOP + _HEIGHT + 34, "confidence")


def _bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>"


def _text(x: float, y: float, text: str) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='middle'>{text}</text>"


def _x(share: float) -> float:
    return _LEFT + _WIDTH * share


def _y(share: float) -> float:
    return _TOP + _HEIGHT * (1 - share)
