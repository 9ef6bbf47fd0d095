"""The wall around a process that reads foreign bytes: what it may not do from now on.

No privilege is needed for it. `RLIMIT_NOFILE` 0 lets no new descriptor come to be: no file,
no socket, no pipe, so no network, even where a namespace of one's own is not to be had; what
is open already stays. A limit once lowered cannot be raised again by who is not root, and
who is root stops being so here.
"""

import contextlib
import os
import resource
from pathlib import Path

MEMORY = 512 * 1024 * 1024
"""Bytes of address space on top of what the interpreter had taken when the wall went up."""
SECONDS = 300
"""Seconds of CPU: twenty times what the largest document takes on a slow machine."""
NOBODY = 65_534


def shut() -> None:
    """Give up every right that reading bytes needs not."""
    limits = {
        resource.RLIMIT_AS: _address_space() + MEMORY,
        resource.RLIMIT_CPU: SECONDS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for limit, most in limits.items():
        _lower(limit, most)
    if os.geteuid() == 0:
        _be_nobody()


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (least, least))


def _address_space() -> int:
    """Give the bytes of address space in use; where the system does not tell, more than enough."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return MEMORY
    return int(pages) * resource.getpagesize()


def _be_nobody() -> None:
    with contextlib.suppress(PermissionError):  # a root that may not even do this holds no rights
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
