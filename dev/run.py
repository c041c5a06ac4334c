"""`make run`: the shop on this machine until Ctrl-C; exits with 0 after a signal, else 1 after a sentence on stderr."""

import signal
import sys
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked this process to stop."""


def main() -> int:
    """Run the shop; return the exit code."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        # It takes most of a second: a Ctrl-C meanwhile must already be understood.
        from dev import shop

        print(shop.run(), file=sys.stderr)
    except Stopped:
        return 0
    return 1


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    # A second signal must not interrupt the cleaning up that the first one began.
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
