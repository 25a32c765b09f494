"""How the pictures in a directory are read: parjob beside Pillow and vips.

Usage: pictures.py PARJOB DIR [--list FILE]

Needs Pillow (pip install pillow) and vipsthumbnail (Debian: libvips-tools). Prints the table of docs/images.md.
With --list, FILE gets a line for each picture that parjob does not read as the others do.

Every file below DIR whose first bytes are those of a format that parjob reads is a picture; files with the same
bytes count once. Each is made to fit into 64 x 64 by parjob and by vipsthumbnail, and by Pillow into the size that
parjob made of it (or vipsthumbnail, where parjob failed). Two results are alike if the mean difference of their
samples, on a white ground and on a black one, is at most ALIKE of 255. A picture is alike if it is like Pillow's or
like that of vips: those two do not agree about every one. Those that parjob refuses are tried again with
--damaged accept, where parjob knows it.

The pictures of the table in docs/images.md came from these sources, unpacked below one directory:

    apt-get source --download-only pillow tiff gdk-pixbuf libpng1.6 imagemagick libjpeg-turbo libwebp giflib vips \\
        graphicsmagick exiv2 leptonlib opencv gegl gimp netpbm-free libgd2 ...   (with a deb-src line in sources.list)
    pip download --no-deps --no-binary :all: pillow imageio scikit-image tifffile rasterio ...
    cargo vendor                                      (of a project with image, png, tiff, gif, zune-* ...)
"""
import argparse
import collections
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image, ImageChops, ImageOps, ImageStat, PngImagePlugin

SIDE = 64
ALIKE = 6.0
PATIENCE = 60  # seconds for a picture
FORMATS = ("JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF")
ODD = ("otherwise", "refused")

warnings.simplefilter("ignore")


def sniff(path):
    with open(path, "rb") as file:
        head = file.read(18)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if head[:4] in (b"II*\0", b"II+\0", b"MM\0*", b"MM\0+"):
        return "TIFF"
    if head[:2] == b"BM" and len(head) == 18 and head[14] in (12, 16, 40, 52, 56, 64, 108, 124) and not any(head[15:18]):
        return "BMP"
    return None


def collect(folder):
    """The pictures below a directory, by format; each content once."""
    seen, found = set(), []
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink()):
        kind = sniff(path)
        if kind:
            digest = hashlib.sha256(path.read_bytes()).digest()
            if digest not in seen:
                seen.add(digest)
                found.append((path.resolve(), kind))
    return found


def by_parjob(parjob, pictures, folder, options=()):
    """For each picture its result, or why there is none."""
    listed = b"\0".join(os.fsencode(path) for path in pictures)
    command = [parjob, "--format", "jsonl", "-0", "resize", "--width", str(SIDE), "--height", str(SIDE),
               "--encode", "png", *options, "--to", f"{folder}/{{#}}.png"]
    done = subprocess.run(command, input=listed, capture_output=True)
    results = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        results[pictures[record["seq"] - 1]] = (
            (folder / f"{record['seq']}.png", "") if record["ok"] else (None, record.get("error", "")))
    if len(results) != len(pictures):
        sys.exit(f"parjob answered for {len(results)} of {len(pictures)} pictures: {done.stderr.decode()}")
    return results


def by_vips(path, target):
    command = ["vipsthumbnail", "--size", f"{SIDE}x{SIDE}>", "-o", f"{target}[strip]", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return None
    return flat(target) if done.returncode == 0 and target.exists() else None


def by_pillow(path, size):
    """Whether Pillow can show it, and how, as far as it knows the colours."""
    try:
        with Image.open(path) as picture:
            picture.load()
            picture = ImageOps.exif_transpose(picture)
            if picture.mode.startswith("I;16"):
                picture = picture.convert("I").point(lambda shade: shade / 257).convert("L")
            try:
                picture = picture.convert("RGBA")
            except ValueError:
                return True, None
            size = size or (max(1, min(SIDE, picture.width)), max(1, min(SIDE, picture.height)))
            picture = picture.convert("RGBa").resize(size, Image.LANCZOS).convert("RGBA")
            return True, on_grounds(picture)
    except Exception:
        return False, None


def flat(path):
    """A result, whose profile may be larger than Pillow takes from a stranger."""
    most, PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_CHUNK, 1 << 30
    try:
        picture = Image.open(path)
        picture.load()
    finally:
        PngImagePlugin.MAX_TEXT_CHUNK = most
    with picture:
        if picture.mode.startswith("I"):
            picture = picture.convert("I").point(lambda shade: shade / 257).convert("L")
        return on_grounds(picture.convert("RGBA"))


def on_grounds(picture):
    grounds = [Image.new("RGBA", picture.size, (shade, shade, shade, 255)) for shade in (0, 255)]
    return [Image.alpha_composite(ground, picture).convert("RGB") for ground in grounds]


def distance(one, other):
    if one is None or other is None:
        return None
    size = one[0].size
    pairs = [(a, b if b.size == size else b.resize(size, Image.LANCZOS)) for a, b in zip(one, other)]
    return max(sum(ImageStat.Stat(ImageChops.difference(a, b)).mean) / 3 for a, b in pairs)


def judge(task):
    path, own, target = task
    mine = flat(own) if own else None
    vips = by_vips(path, target)
    size = (mine or vips or [None])[0]
    shown, pillow = by_pillow(path, size.size if size else None)
    off = [number for number in (distance(mine, pillow), distance(mine, vips)) if number is not None]
    verdict = "refused" if not mine else "alike" if not off or min(off) <= ALIKE else "otherwise"
    peers = "both" if shown and vips else "one" if shown or vips else "none"
    names = "+".join(name for name, shows in (("pillow", shown), ("vips", vips)) if shows) or "none"
    return peers, verdict, names, [round(number, 1) for number in off]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parjob")
    parser.add_argument("folder")
    parser.add_argument("--list")
    given = parser.parse_args()
    found = collect(given.folder)
    paths = [path for path, _ in found]
    counts, odd = collections.Counter(), []
    knows_damaged = b"--damaged" in subprocess.run([given.parjob, "help", "resize"], capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        own = by_parjob(given.parjob, paths, folder)
        failed = [path for path in paths if not own[path][0]]
        mended = {}
        if knows_damaged and failed:
            mended = by_parjob(given.parjob, failed, folder / "damaged", ["--damaged", "accept"])
        tasks = [(path, own[path][0], folder / f"vips-{number}.png") for number, path in enumerate(paths)]
        with ProcessPoolExecutor(2) as pool:
            for (path, kind), (peers, verdict, names, off) in zip(found, pool.map(judge, tasks, chunksize=4)):
                why = own[path][1]
                if verdict == "refused" and mended.get(path, (None,))[0]:
                    verdict = "damaged"
                counts[kind, peers, verdict] += 1
                if verdict != "alike":
                    odd.append("\t".join([kind, verdict, f"shown by {names}", str(off), why, str(path)]))
    print_table(found, counts)
    if given.list:
        Path(given.list).write_text("".join(line + "\n" for line in sorted(odd)))


def print_table(found, counts):
    print("| | pictures | shown by Pillow and vips: | alike | otherwise | `--damaged accept` | refused "
          "| shown by one of them: | alike | otherwise | `--damaged accept` | refused | shown by parjob alone |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    verdicts = ("alike", "otherwise", "damaged", "refused")

    def row(name, kinds):
        count = lambda peers, verdict: sum(counts[kind, peers, verdict] for kind in kinds)
        cells = [sum(kind in kinds for _, kind in found)]
        for peers in ("both", "one"):
            each = [count(peers, verdict) for verdict in verdicts]
            cells += [sum(each), *each]
        cells.append(count("none", "alike") + count("none", "damaged"))
        print(f"| {name} | " + " | ".join(map(str, cells)) + " |")

    for kind in FORMATS:
        row(kind, [kind])
    row("all", FORMATS)


if __name__ == "__main__":
    main()
