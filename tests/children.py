"""A child for the sandbox's tests: it does what the request says."""

from __future__ import annotations

import os
import time

from paperhook.sandbox import serve


def answer(request: bytes) -> bytes:
    word, _, rest = request.partition(b" ")
    match word:
        case b"echo":
            return rest
        case b"print":
            print("noise")
            return b"quiet"
        case b"sleep":
            time.sleep(float(rest))
        case b"die":
            os._exit(3)
        case b"eat":
            eaten = bytearray(int(rest))
            eaten[::4096] = b"x" * len(eaten[::4096])
            time.sleep(1)
        case b"variable":
            return os.environ.get(rest.decode(), "-").encode()
        case _:
            return str(os.getpid()).encode()
    return b"done"


if __name__ == "__main__":
    serve(answer)
