"""Small copies of pictures, with Pillow."""

import os

from PIL import Image

FOLDER = "thumbnails"
os.makedirs(FOLDER, exist_ok=True)


def thumbnail(path):
    """Writes a copy of at most 128 by 128 pixels; its path."""
    target = os.path.join(FOLDER, os.path.basename(path))
    with Image.open(path) as picture:
        picture.thumbnail((128, 128))
        picture.save(target)
    return target
