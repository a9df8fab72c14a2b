"""Runs a program and prints its seconds, peak memory (MiB) and exit code as JSON; `python -S launch.py PROGRAM ARGUMENT...`

A process inherits its parent's peak memory when it starts, so the parent has to be this small one. Its output goes to standard error.
"""
import json
import os
import sys
import time

started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
print(json.dumps({"seconds": seconds, "memory": usage.ru_maxrss / 1024, "code": os.waitstatus_to_exitcode(status)}))
