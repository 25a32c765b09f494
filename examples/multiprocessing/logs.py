"""Logging from workers. The number of the worker need not be in the format: parjob puts it before each line."""

import logging

logging.basicConfig(format="%(levelname)s: %(message)s", level="INFO")


def work(x):
    logging.info("doing %s", x)
    return len(x)
