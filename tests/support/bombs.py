"""Files that would do harm if they were unpickled."""

import os

import numpy as np


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def pickled(folder):
    """An array of objects, one of them a Bomb."""
    array = np.empty(3, object)
    array[:] = [Bomb(folder), 1, 2]
    return array
