"""The operators whose kernels are run, each with a table of cases.

A module of this package is named like the operator's folder in ``ops/``, where ``cuda/kernels.cu`` has the
kernels. It has ``SOURCES``, what of ``ops/`` their launch needs beside that file, and ``cases(random)``,
which yields names and cases, so many of them random. A case has ``check(operator)``, which runs it on an
``EmulatedOperator`` and returns what is wrong. The C++ file beside the module has the functions that the
cases call, by which the project's own code launches the kernels.
"""
