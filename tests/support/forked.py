"""What a fork does to be the program that it is asked for."""

import atexit
import os
import runpy
import signal
import sys
import types
import warnings

_exit = os._exit  # which the comparison refuses to others


def become(words, folder, environment, outputs, ignored):
    """Runs `python` with these words in this process, and ends it."""
    for number, output in enumerate(outputs, start=1):
        os.dup2(output, number)
        os.close(output)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    status = _status(words)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    _exit(status)


def _status(words):
    """Returns the exit status of the program, and prints what Python prints of its end."""
    try:
        _program(words)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return 0 if end.code is None else end.code & 0xFF
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _program(words):
    if words[:2] == ["-W", "error"]:
        warnings.simplefilter("error")
        words = words[2:]
    kind, *rest = words
    if kind == "-m":
        name, sys.argv = rest[0], rest
        sys.path[:0] = _paths(os.getcwd())
        if not hasattr(sys.modules.get(name), "__path__"):
            sys.modules.pop(name, None)  # a process would not have imported it yet
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        sys.argv = ["-c", *rest[1:]]
        sys.path[:0] = _paths("")
        exec(compile(rest[0], "<string>", "exec"), vars(main))
    else:
        sys.argv = words
        sys.path[:0] = _paths(os.path.dirname(kind))
        runpy.run_path(kind, run_name="__main__")


def _paths(first):
    return [first, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
