"""Writes the inputs of the comparison into a directory: files of numbers, what is to be hashed, photographs.

Usage: make_inputs.py DIR [NAME...]

Without names it writes all but ints-100m.txt and big.bin, which take 1 GB each, and photos, which come from two packages
of Debian. What already has the right number of lines, bytes or files is kept.
"""
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

MILLION = 1_000_000
SEED = 20240229
# The smallest scale makes some values come out in exponent form.
SCALES = (1e-3, 1.0, 1e3, 1e6, 1e9)


def ints(count):
    return map(str, range(1, count + 1))


def floats(count):
    """Nearly all of these have 16 or 17 digits, as repr() needs them."""
    rng = random.Random(SEED)
    for i in range(count):
        yield repr(rng.random() * SCALES[i % len(SCALES)])


FILES = {
    "ints.txt": (ints, 10 * MILLION),
    "ints-1m.txt": (ints, MILLION),
    "ints-100m.txt": (ints, 100 * MILLION),
    "floats.txt": (floats, 10 * MILLION),
}
ON_REQUEST = {"ints-100m.txt", "big.bin", "photos"}
BIG = 1 << 30  # bytes of big.bin
SMALL = 10_000  # files of 4 KiB in small


def count_lines(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def write_lines(path, lines):
    # Renamed at the end, so an interrupted run leaves no half file behind.
    part = path + ".part"
    with open(part, "w", encoding="ascii", newline="\n", buffering=1 << 20) as file:
        file.writelines(line + "\n" for line in lines)
    os.replace(part, path)


def make_big(path):
    if os.path.exists(path) and os.path.getsize(path) == BIG:
        return
    print(f"writing {path}", file=sys.stderr)
    rng = random.Random(SEED)
    with open(path + ".part", "wb") as file:
        for _ in range(BIG >> 20):
            file.write(rng.randbytes(1 << 20))
    os.replace(path + ".part", path)


def make_small(path):
    os.makedirs(path, exist_ok=True)
    if len(os.listdir(path)) == SMALL:
        return
    print(f"writing {path}", file=sys.stderr)
    rng = random.Random(SEED)
    for i in range(SMALL):
        with open(os.path.join(path, f"{i:05}"), "wb") as file:
            file.write(rng.randbytes(4096))


PACKAGES = ("mate-backgrounds", "plasma-workspace-wallpapers")
LARGE = 400_000  # bytes; smaller files are thumbnails


def make_photos(path):
    """photos/jpg and photos/png, and a list of each; in photos/wide.list those of 5120 x 2880."""
    photos = Path(path)
    if (photos / "wide.list").exists():
        return
    print(f"fetching {' and '.join(PACKAGES)}", file=sys.stderr)
    shutil.rmtree(photos, ignore_errors=True)
    photos.mkdir()
    subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=photos, check=True)
    for package in photos.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, photos / "x"], check=True)
        package.unlink()
    wide = []
    for kind in ("jpg", "png"):
        (photos / kind).mkdir()
        found = [file for file in sorted(photos.glob(f"x/**/*.{kind}")) if not file.is_symlink()]
        found = [file for file in found if file.stat().st_size > LARGE]
        copies = [shutil.copy(file, photos / kind / f"{n:02}.{kind}") for n, file in enumerate(found, 1)]
        (photos / f"{kind}.list").write_text("".join(f"{copy}\n" for copy in copies))
        wide += [copy for file, copy in zip(found, copies) if "5120x2880" in file.name]
    shutil.rmtree(photos / "x")
    (photos / "wide.list").write_text("".join(f"{file}\n" for file in wide))


OTHERS = {"big.bin": make_big, "small": make_small, "photos": make_photos}


def make(directory, name):
    path = os.path.join(directory, name)
    if name in OTHERS:
        OTHERS[name](path)
        return
    generate, count = FILES[name]
    if os.path.exists(path) and count_lines(path) == count:
        return
    print(f"writing {path}", file=sys.stderr)
    write_lines(path, generate(count))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    directory = sys.argv[1]
    known = [*FILES, *OTHERS]
    names = sys.argv[2:] or [name for name in known if name not in ON_REQUEST]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"unknown file {unknown[0]}; known: {', '.join(known)}")
    os.makedirs(directory, exist_ok=True)
    for name in names:
        make(directory, name)


if __name__ == "__main__":
    main()
