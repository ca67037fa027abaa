"""Nothing is lost: the state of a run on disk, from which it goes on."""
