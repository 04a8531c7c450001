"""Bars as SVG."""

from xml.sax.saxutils import escape

WIDTH, LABELS = 900, 160
OURS, OTHERS = "#3b7dd8", "#9aa5b1"


def bars(title: str, groups: dict, ours: set) -> str:
    """A group of bars a case, a bar a peer, each group to a scale of its own.

    A peer that would make the others' bars vanish has its bar cut off, and its figure beside it."""
    lines, top = [], 46
    for group, figures in groups.items():
        lines.append(f'<text x="10" y="{top}" font-weight="bold">{escape(group)}</text>')
        ordered = sorted(figures.values())
        scale = min(ordered[-1], 3 * ordered[len(ordered) // 2]) or 1
        for name, value in figures.items():
            top += 18
            length = max(0, min(value, scale)) / scale * (WIDTH - LABELS - 100)
            colour = OURS if name in ours else OTHERS
            cut = " (cut off)" if value > scale else ""
            lines.append(
                f'<text x="20" y="{top}">{escape(name)}</text><rect x="{LABELS}" y="{top - 11}" '
                f'width="{length:.0f}" height="13" fill="{colour}"/>'
                f'<text x="{LABELS + length + 6:.0f}" y="{top}">{value:,.1f}{cut}</text>')
        top += 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" '
            'font-family="sans-serif" font-size="12">'
            '<rect width="100%" height="100%" fill="white"/>'
            f'<text x="10" y="20" font-size="14">{escape(title)}</text>'
            + "\n".join(lines) + "</svg>\n")
