"""Bodies that come packed, unpacked in bounded pieces (RFC 9110 8.4.1: gzip, deflate).

Nobody asks for packed answers here, but some apps and front ends pack all the same. A few kilobytes
can unpack to gigabytes, so unpacking stops where the body is cut.
"""

from __future__ import annotations

import zlib

__all__ = ["Unpacker"]

GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
RAW = -zlib.MAX_WBITS
"""Some servers send deflate without the zlib header that RFC 9110 demands."""
PADDING = "padding"
"""What stands behind the last member of a packed body says nothing."""
KNOWN = ("gzip", "x-gzip", "deflate")


class Unpacker:
    """Takes a body piece by piece, and keeps no more than `limit` bytes of it (plus one chunk).

    `coding` is the answer's Content-Encoding. One that is not known here is kept as it came: it was
    not asked for, and the judges see the header.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding.strip().lower()
        self._limit = limit
        self._unpack: zlib._Decompress | None = None
        self._head = b""
        self._has_member = False
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> bool:
        """Take a piece; False where the body is longer than the limit, and no more is wanted.

        Raises:
            ValueError: it is not packed as its header says.
        """
        if self._coding in KNOWN:
            try:
                self._take(chunk)
            except zlib.error as error:
                if not self._has_member:
                    raise ValueError(f"not packed as its header says: {error}") from None
                self._coding = PADDING
        elif self._coding != PADDING:
            self._add(chunk)
        return self._size <= self._limit

    def body(self) -> tuple[bytes, bool]:
        """The body, and whether it was cut."""
        return b"".join(self._chunks), self._size > self._limit

    def _add(self, piece: bytes) -> None:
        self._chunks.append(piece)
        self._size += len(piece)

    def _take(self, chunk: bytes) -> None:
        """Unpack a piece; gzip may be several members one after the other (RFC 1952 2.2)."""
        packed = self._head + chunk
        while packed and self._size <= self._limit:
            if self._unpack is None:
                if len(packed) < 2:
                    break
                self._unpack = zlib.decompressobj(self._window(packed))
            self._add(self._unpack.decompress(packed, self._limit - self._size + 1))
            packed = self._unpack.unconsumed_tail
            if self._unpack.eof:
                packed, self._unpack, self._has_member = self._unpack.unused_data, None, True
        self._head = packed

    def _window(self, packed: bytes) -> int:
        """How the stream begins: with gzip's or zlib's header (RFC 1950 2.2), or with none."""
        has_header = packed[0] & 0x0F == 8 and (packed[0] * 256 + packed[1]) % 31 == 0
        return GZIP_OR_ZLIB if self._coding != "deflate" or has_header else RAW
