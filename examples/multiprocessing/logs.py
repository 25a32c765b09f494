"""Logging from workers: what goes to standard error appears there, line by line."""

import logging
import os

logging.basicConfig(format="%(levelname)s worker " + os.environ["PARJOB_WORKER"] + ": %(message)s", level="INFO")


def work(x):
    logging.info("doing %s", x)
    return len(x)
