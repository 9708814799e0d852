"""The one exception of this package, and the exit codes it carries.

| code | meaning |
|---|---|
| 2 | wrong use of the command line |
| 3 | no suitable Python |
| 4 | the network refused what was needed (a proxy, an index, the Go module proxy) |
| 5 | a build, a download or a file operation failed |
| 6 | the disk is full |
| 7 | a checksum differs from the pinned or the published one |
| 130 | interrupted |
"""

from __future__ import annotations

PYTHON, NETWORK, BUILD, DISK, CHECKSUM = 3, 4, 5, 6, 7


class EngineError(Exception):
    """What went wrong and what to do about it, in a person's words; `code` is the exit code."""

    def __init__(self, message: str, code: int = BUILD) -> None:
        super().__init__(message)
        self.code = code
