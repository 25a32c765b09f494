"""How near parjob's pictures are to Pillow's, and how large its files are beside those of vipsthumbnail.

Usage: quality.py PARJOB DIR, where DIR/photos was made by make_inputs.py. Needs Pillow and vipsthumbnail.

Prints, for JPEG and PNG, the mean and the least PSNR of what parjob writes as PNG against Pillow's LANCZOS of the whole
picture, and the bytes of parjob's files, at quality 75, over those of vipsthumbnail without metadata.
"""
import math
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageOps, ImageStat


def psnr(original, result):
    with Image.open(original) as picture, Image.open(result) as got:
        expected = ImageOps.exif_transpose(picture)
        if expected.mode not in ("L", "LA", "RGB", "RGBA"):
            expected = expected.convert("RGB")
        expected = expected.resize(got.size, Image.LANCZOS)
        got = got.convert(expected.mode)
        squares = sum(ImageStat.Stat(ImageChops.difference(expected, got)).sum2)
        samples = got.width * got.height * len(got.getbands())
    return 10 * math.log10(255 ** 2 * samples / max(squares, 1))


def run(parjob, folder, kind):
    listed = folder / "photos" / f"{kind}.list"
    originals = [Path(line) for line in listed.read_text().splitlines()]
    size = ["--width", "800", "--height", "800", "--overwrite", "-a", listed]
    own, peer = folder / "own", folder / "peer"
    peer.mkdir(exist_ok=True)
    for form in ("png", kind):
        subprocess.run([parjob, "resize", *size, "--to", f"{own}/{form}/{{/.}}.{form}"], check=True, stdout=subprocess.DEVNULL)
    options = "jpg[Q=75,strip]" if kind == "jpg" else "png[strip]"
    subprocess.run(["vipsthumbnail", "--size", "800x800", "-o", f"{peer}/%s.{options}", *originals], check=True,
                   stderr=subprocess.DEVNULL)
    values = [psnr(original, own / "png" / f"{original.stem}.png") for original in originals]
    bytes_of = lambda folder: sum((folder / original.name).stat().st_size for original in originals)
    print(f"{kind}: PSNR {sum(values) / len(values):.1f} dB, least {min(values):.1f} dB; "
          f"bytes {bytes_of(own / kind) / bytes_of(peer):.2f} of vipsthumbnail's")


if __name__ == "__main__":
    for kind in ("jpg", "png"):
        run(sys.argv[1], Path(sys.argv[2]).resolve(), kind)
