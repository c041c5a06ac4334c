"""What the drawn covers show: palettes, and motifs that each fill a box of 200 by 140 units and vary by a few bytes."""

from collections.abc import Callable
from typing import NamedTuple

WIDTH, MARGIN = 200, 18


class Palette(NamedTuple):
    """Ground and text, which contrast by WCAG AA, and two more for the motif."""

    ground: str
    ink: str
    first: str
    second: str


PALETTES = tuple(
    Palette(*colours.split())
    for colours in (
        "#16324f #fdf3dc #f2a541 #3f6c94",
        "#12392f #f6efd9 #e2b857 #3d7a62",
        "#5a1a24 #fbeede #e9a17a #96404b",
        "#3b2150 #f7edfb #e58fb1 #7450a0",
        "#1b1b22 #f5f2ea #e4572e #5c5d74",
        "#0e4749 #f3fbf4 #f6c667 #2f8083",
        "#f5ead2 #2b2118 #c8553d #8a9a5b",
        "#d7e8f0 #12303f #e07a4f #5b9ab8",
        "#f7dcd4 #4a1524 #c2385a #e79a8b",
        "#f0c24b #2a1f05 #b5452c #fbeac0",
        "#cfdcc4 #1e2f1d #4f7d4a #e8b04a",
        "#ad2d18 #fff5e6 #f7b538 #74190d",
        "#e6e2da #24272b #3d5a80 #ee6c4d",
        "#1f3fa6 #f4f6ff #ffcf56 #4f74e0",
    )
)


def _shape(fill: str, path: str, more: str = "") -> str:
    return f'<path fill="{fill}"{more} d="{path}"/>'


def _lines(stroke: str, width: float, path: str, more: str = "") -> str:
    return f'<path stroke="{stroke}" stroke-width="{width:g}"{more} d="{path}"/>'


def _sunset(seed: bytes, palette: Palette) -> str:
    sun = f'<circle cx="{50 + seed[0] % 100}" cy="72" r="{34 + seed[1] % 28}" fill="{palette.first}"/>'
    sea = "".join(_lines(palette.second, 5 + 3 * row, f"M0 {84 + row * 17}h200") for row in range(4))
    return sun + sea


def _hills(seed: bytes, palette: Palette) -> str:
    far, near = 30 + seed[0] % 30, 70 + seed[1] % 20
    return (
        f'<circle cx="{30 + seed[2] % 140}" cy="28" r="{12 + seed[3] % 10}" fill="{palette.first}"/>'
        + _shape(palette.second, f"M0 {far + 30}Q50 {far} 100 {far + 34}T200 {far + 20}V140H0z")
        + _shape(palette.first, f"M0 {near}q60 {10 + seed[4] % 30} 110 10t90-10V140H0z")
        + _shape(palette.ground, "M0 132q80-34 200-8V140H0z", ' fill-opacity=".7"')
    )


def _spines(seed: bytes, palette: Palette) -> str:
    colours, paths, x = (palette.first, palette.second, palette.ink), ["", "", ""], 18
    for index, byte in enumerate(seed):
        width, height = 11 + byte % 11, 70 + byte * 7 % 60
        if x + width > WIDTH - MARGIN:
            break
        paths[(index + byte % 2) % 3] += f"M{x} 130v-{height}h{width}v{height}z"
        x += width + 2
    shelves = "".join(_shape(colour, path) for colour, path in zip(colours, paths, strict=True) if path)
    return shelves + _lines(palette.ink, 4, "M0 132h200")


QUARTERS = (
    "h40a40 40 0 0 1-40 40z",
    "h40v40a40 40 0 0 1-40-40z",
    "m40 0v40h-40a40 40 0 0 1 40-40z",
    "v40h40a40 40 0 0 0-40-40z",
)


def _tiles(seed: bytes, palette: Palette) -> str:
    paths = {palette.first: "", palette.second: ""}
    for tile in range(15):
        byte = seed[tile % len(seed)] + tile * 37
        if byte % 7:
            colour = palette.first if byte % 3 else palette.second
            paths[colour] += f"M{tile % 5 * 40} {tile // 5 * 40 + 10}{QUARTERS[byte // 8 % 4]}"
    return "".join(_shape(colour, path) for colour, path in paths.items())


def _arches(seed: bytes, palette: Palette) -> str:
    centre = (0, 60, 100, 140, 200)[seed[0] % 5]
    colours = (palette.first, palette.second, palette.ink) if seed[1] % 2 else (palette.first, palette.second)
    return "".join(
        _lines(colours[ring % len(colours)], 11, f"M{centre - radius} 140a{radius} {radius} 0 0 1 {2 * radius} 0")
        for ring, radius in enumerate(range(130, 10, -20))
    )


FAN = ((-140, 0), (-121, -70), (-70, -121), (0, -140), (70, -121), (121, -70), (140, 0))


def _rays(seed: bytes, palette: Palette) -> str:
    centre = 60 + seed[0] % 80
    path = "".join(f"M{centre} 140L{centre + x * 3 - 16} {140 + y * 3}h32z" for x, y in FAN[1:-1])
    sides = f"M{centre} 140L-200 112v-34zM{centre} 140L400 112v-34z"
    inside = f'<svg width="200" height="140">{_shape(palette.second, path + sides)}</svg>'
    return inside + f'<circle cx="{centre}" cy="140" r="{44 + seed[1] % 20}" fill="{palette.first}"/>'


def _halftone(seed: bytes, palette: Palette) -> str:
    step = 16 + seed[0] % 8
    colours = (palette.first, palette.second) if seed[1] % 2 else (palette.second, palette.first)
    rows = "".join(
        _lines(colours[row % 2], 3 + row * 2.4, f"M{-4 + row % 2 * step / 2:g} {8 + row * 20}h220") for row in range(7)
    )
    return f'<g stroke-linecap="round" stroke-dasharray="0 {step}">{rows}</g>'


def _branch(seed: bytes, palette: Palette) -> str:
    lean, size = seed[0] % 30 - 15, 26 + seed[1] % 12
    leaves = "".join(
        f"M100 {y}c{side * 6} -{size // 2} {side * size} -{size // 2} {side * (size + 26)} -{size - 4}"
        f"c{-side * 4} {size // 2} {-side * size} {size} {-side * (size + 26)} {size - 4}z"
        for y, side in zip(range(128, 40, -15), (1, -1) * 3, strict=True)
    )
    flower = f'<circle cx="100" cy="16" r="8" fill="{palette.first}"/>'
    drawing = _lines(palette.first, 2.5, "M100 145V18") + _shape(palette.second, leaves) + flower
    return f'<g transform="rotate({lean} 100 140)">{drawing}</g>'


def _moon(seed: bytes, palette: Palette) -> str:
    x, bite = 60 + seed[0] % 80, 14 + seed[1] % 22
    stars = "".join(f"M{10 + byte * 179 % 180} {8 + byte * 53 % 124}h0" for byte in seed)
    return (
        _lines(palette.second, 4, stars, ' stroke-linecap="round"')
        + f'<circle cx="{x}" cy="70" r="52" fill="{palette.first}"/>'
        + f'<circle cx="{x + bite}" cy="{70 - bite // 2}" r="44" fill="{palette.ground}"/>'
    )


def _waves(seed: bytes, palette: Palette) -> str:
    length, height = 20 + seed[0] % 16, 8 + seed[1] % 8
    crest = f"q{length / 2:g}-{height * 2} {length} 0" + f"t{length} 0" * (210 // length)
    rows = [f"M{-length * (row % 2) / 2:g} {26 + row * 18}{crest}" for row in range(7)]
    return _lines(palette.first, 5, "".join(rows[::2])) + _lines(palette.second, 5, "".join(rows[1::2]))


def _peaks(seed: bytes, palette: Palette) -> str:
    left, right = 46 + seed[0] % 30, 126 + seed[1] % 40
    return (
        _shape(palette.second, f"M{right - 100} 140L{right} 14L{right + 100} 140z")
        + _shape(palette.first, f"M{left - 84} 140L{left} 38L{left + 84} 140z")
        + _shape(palette.ink, f"M{right - 22} 42L{right} 14L{right + 22} 42l-12-5-10 9-9-8z")
    )


def _discs(seed: bytes, palette: Palette) -> str:
    turn = seed[0] % 40
    places = ((70, 62 + turn // 4, palette.first), (126 - turn // 4, 58, palette.second), (98, 90, palette.ink))
    return "".join(
        f'<circle cx="{x}" cy="{y}" r="{38 + seed[index + 1] % 10}" fill="{colour}" fill-opacity=".82"/>'
        for index, (x, y, colour) in enumerate(places)
    )


def _stairs(seed: bytes, palette: Palette) -> str:
    step = 20 + seed[0] % 8
    steps = [f"M{index * step} 140V{max(124 - index * 18, 8)}h{step}V140z" for index in range(WIDTH // step + 1)]
    door = f'<circle cx="{30 + seed[1] % 40}" cy="38" r="20" fill="{palette.first}"/>'
    return door + _shape(palette.second, "".join(steps[::2])) + _shape(palette.first, "".join(steps[1::2]))


# Each motif, and whether it may also stand at the top, above the title.
MOTIFS: tuple[tuple[Callable[[bytes, Palette], str], bool], ...] = (
    (_sunset, False),
    (_hills, False),
    (_spines, True),
    (_tiles, True),
    (_arches, True),
    (_rays, False),
    (_halftone, True),
    (_branch, False),
    (_moon, True),
    (_waves, True),
    (_peaks, False),
    (_discs, True),
    (_stairs, False),
)
