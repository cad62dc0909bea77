# For type checkers and editors only: at run time and in the wheel this name is the
# package in ../operators (see package-dir in pyproject.toml).
from operators import *
