# The interpreter's side of a session (session.c): runs one cell after another in one namespace.
#
#   descriptor 0  requests: "NUMBER BYTES ECHO SEED\n", then BYTES bytes of source; end of file ends the session
#   descriptor 1  all that the cells write, standard error too, in the order written
#   descriptor 2  "done 0\n" when it can be asked, "done NUMBER\n" behind each cell
#
# All of it runs in the same process as the cells, so a cell may forge whatever it likes here: the harness takes nothing
# from it but the bytes to show and the end of a cell, and both concern this session alone.
import ast
import io
import linecache
import os
import random
import sys
import traceback
import types


def read_exactly(fd, count):
    parts = []
    while count > 0:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_line(fd):
    line = b""
    while not line.endswith(b"\n"):
        line += read_exactly(fd, 1)
    return line


def show_error(name, error):
    # only the frames of cells: ours say nothing to the one who wrote the cell
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename == __file__:
        frame = frame.tb_next
    sys.stdout.write("".join(traceback.format_exception(type(error), error, frame)))


def run(source, name, echo, space):
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    tree = ast.parse(source, name)
    last = None
    if echo and tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, name, "exec", dont_inherit=True), space)
    if last is not None:
        value = eval(compile(last, name, "eval", dont_inherit=True), space)
        if value is not None:
            space["_"] = value
            print(repr(value))


def cell(source, name, echo, space):
    try:
        run(source.decode("utf-8", "replace"), name, echo, space)
    except SystemExit as error:
        # as in a notebook: the cell ends, the session goes on
        if error.code not in (None, 0):
            print("SystemExit:", error.code)
    except BaseException as error:
        show_error(name, error)


def main():
    requests, control = os.dup(0), os.dup(2)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(1, 2)
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    sys.argv = [""]
    out = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "w", closefd=False)),
        encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True,
    )
    seeded = False
    os.write(control, b"done 0\n")
    while True:
        number, count, echo, seed = (int(word) for word in read_line(requests).split())
        source = read_exactly(requests, count)
        if not seeded:
            random.seed(seed)
            seeded = True
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = out
        try:
            cell(source, "<cell %d>" % number, echo, module.__dict__)
            out.flush()
        except BaseException:
            pass  # a closed or replaced output, or no memory left: the cell's own doing
        os.write(control, b"done %d\n" % number)


main()
