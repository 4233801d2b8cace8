"""Runs programs of this folder under CPython: `check.py ROUNDS NAME...`, one result per line.

CPython's floats are double, those of MicroPython on a microcontroller are single. Programs that are
about f32 are rounded here after every operation, which gives what single precision gives: for
+ - * / a double has more than twice the digits, so that rounding twice does no harm. Programs
`NAME.viper` get stand-ins for MicroPython's pointers, which cut what is stored.
"""

import sys

# This folder, where programs have names of Python's own modules.
del sys.path[0]

import ast
import pathlib
import struct

SINGLE = {"biquad", "fft", "fir_f32", "fusion", "matmul_f32", "servo"}


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0] if isinstance(x, float) else x


class Rounded(ast.NodeTransformer):
    """Wraps everything that makes a float in `single(...)`."""

    def wrap(self, node):
        name = ast.Name("single", ast.Load())
        return ast.copy_location(ast.Call(name, [self.generic_visit(node)], []), node)

    def visit_Constant(self, node):
        return self.wrap(node) if isinstance(node.value, float) else node

    visit_BinOp = wrap

    def visit_Call(self, node):
        is_float = isinstance(node.func, ast.Name) and node.func.id == "float"
        return self.wrap(node) if is_float else self.generic_visit(node)

    def visit_AugAssign(self, node):
        target = node.target
        load = ast.parse(ast.unparse(target), mode="eval").body
        operation = ast.BinOp(load, node.op, node.value)
        return ast.copy_location(ast.Assign([target], self.visit_BinOp(operation)), node)


class Pointer:
    """A view as `ptr8`, `ptr16` and `ptr32` are: no bounds of its own, stores are cut."""

    def __init__(self, data):
        self.data = data
        self.bits = 8 * memoryview(data).itemsize
        self.signed = memoryview(data).format == "i"

    def __getitem__(self, at):
        return self.data[at]

    def __setitem__(self, at, value):
        value &= (1 << self.bits) - 1
        top = 1 << self.bits - 1
        self.data[at] = value - 2 * top if self.signed and value & top else value


class micropython:
    @staticmethod
    def viper(function):
        kinds = function.__annotations__
        names = function.__code__.co_varnames[: function.__code__.co_argcount]

        def call(*arguments):
            pointers = [
                Pointer(argument) if kinds.get(name) is Pointer else argument
                for name, argument in zip(names, arguments)
            ]
            return function(*pointers)

        return call


def load(folder, name):
    """The `run` of the program."""
    source = (folder / "app.py").read_text() + (folder / f"{name}.py").read_text()
    tree = ast.parse(source, f"{name}.py")
    if name in SINGLE:
        tree = ast.fix_missing_locations(Rounded().visit(tree))
    scope = {"single": single, "micropython": micropython}
    scope |= dict.fromkeys(("ptr8", "ptr16", "ptr32"), Pointer)
    exec(compile(tree, f"{name}.py", "exec"), scope)
    return scope["run"]


def main():
    rounds = int(sys.argv[1])
    folder = pathlib.Path(__file__).parent
    for name in sys.argv[2:]:
        print(load(folder, name)(rounds))


main()
