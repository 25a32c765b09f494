"""Points at random in a square: how many of them are in the circle?"""

import random


def inside(samples, seed):
    """Of so many points. The seed makes the answer the same each time, and another one for each item."""
    uniform = random.Random(seed).random
    return sum(uniform() ** 2 + uniform() ** 2 <= 1 for _ in range(samples))
