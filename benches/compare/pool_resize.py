"""What parjob's resize is measured against: Pillow in a Pool of two.

Usage: pool_resize.py LIST FOLDER
"""
import os
import sys
from multiprocessing import Pool

from PIL import Image


def resize(path):
    with Image.open(path) as picture:
        # Decodes to fewer pixels where the format can, as the others do.
        picture.thumbnail((800, 800), Image.LANCZOS)
        picture.save(os.path.join(sys.argv[2], os.path.basename(path)), quality=75)
    return path


if __name__ == "__main__":
    os.makedirs(sys.argv[2], exist_ok=True)
    with open(sys.argv[1]) as file:
        paths = file.read().splitlines()
    with Pool(2) as pool:
        for done in pool.imap(resize, paths):
            print(done)
