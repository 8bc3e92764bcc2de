"""A producer of Arrow streams by the C data interface alone: no Arrow library checks what it hands over.

It can be malformed at will, and counts how often each release callback is called.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class CSchema(ctypes.Structure):
    """`struct ArrowSchema`."""


class CArray(ctypes.Structure):
    """`struct ArrowArray`."""


class CStream(ctypes.Structure):
    """`struct ArrowArrayStream`."""


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(CSchema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(CArray))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(CStream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(CStream), ctypes.POINTER(CSchema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(CStream), ctypes.POINTER(CArray))
GET_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(CStream))

CSchema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(CSchema))),
    ("dictionary", ctypes.POINTER(CSchema)),
    ("release", RELEASE_SCHEMA),
    ("private_data", ctypes.c_void_p),
]
CArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(CArray))),
    ("dictionary", ctypes.POINTER(CArray)),
    ("release", RELEASE_ARRAY),
    ("private_data", ctypes.c_void_p),
]
CStream._fields_ = [
    ("get_schema", GET_SCHEMA),
    ("get_next", GET_NEXT),
    ("get_last_error", GET_LAST_ERROR),
    ("release", RELEASE_STREAM),
    ("private_data", ctypes.c_void_p),
]

NULLABLE = 2
EIO = 5
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


@dataclass(frozen=True)
class Column:
    """A column as the interface has it: an Arrow format and raw buffers, trusted by nobody."""

    name: str | bytes
    format: str
    length: int
    buffers: Sequence[bytes | None]
    offset: int = 0
    null_count: int = 0
    dictionary: Column | None = None
    children: Sequence[Column] = ()
    nullable: bool = True


class Producer:
    """An object with `__arrow_c_stream__` that gives the columns as `batches` batches, and then fails if told to."""

    def __init__(
        self, columns: Sequence[Column], *, batches: int = 1, rows: int | None = None, failure: bytes | None = None
    ) -> None:
        self.columns, self.left, self.failure = columns, batches, failure
        self.rows = columns[0].length if rows is None else rows
        #: Structures handed over, and calls of their release callbacks: in the end as many.
        self.exports = {"stream": 0, "schema": 0, "array": 0}
        self.released = {"stream": 0, "schema": 0, "array": 0}
        self._kept: list[Any] = []

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The stream in a capsule; its memory belongs to this object."""
        stream = CStream()
        stream.get_schema = GET_SCHEMA(self._get_schema)
        stream.get_next = GET_NEXT(self._get_next)
        message = ctypes.create_string_buffer(self.failure or b"")
        address = ctypes.addressof(message)
        stream.get_last_error = GET_LAST_ERROR(lambda _: address)
        stream.release = RELEASE_STREAM(self._released("stream", RELEASE_STREAM))
        self.exports["stream"] += 1
        self._kept += [stream, message]
        return _new_capsule(ctypes.addressof(stream), b"arrow_array_stream", None)

    def _released(self, kind: str, callback: Any) -> Any:
        def release(pointer: Any) -> None:
            self.released[kind] += 1
            # A released structure says so; whoever releases it again would be counted again.
            pointer.contents.release = callback()

        return release

    def _get_schema(self, _: Any, out: Any) -> int:
        children = [self._schema(column) for column in self.columns]
        self._fill_schema(out.contents, b"+s", b"", children)
        # Children belong to their parent: only what a consumer was given is counted.
        release = RELEASE_SCHEMA(self._released("schema", RELEASE_SCHEMA))
        out.contents.release = release
        self.exports["schema"] += 1
        self._kept.append(release)
        return 0

    def _schema(self, column: Column) -> CSchema:
        schema = CSchema()
        name = column.name if isinstance(column.name, bytes) else column.name.encode()
        self._fill_schema(schema, column.format.encode(), name, [self._schema(child) for child in column.children])
        schema.flags = NULLABLE if column.nullable else 0
        if column.dictionary is not None:
            schema.dictionary = ctypes.pointer(self._schema(column.dictionary))
        self._kept.append(schema)
        return schema

    def _fill_schema(self, schema: CSchema, form: bytes, name: bytes, children: list[CSchema]) -> None:
        pointers = (ctypes.POINTER(CSchema) * len(children))(*(ctypes.pointer(child) for child in children))
        schema.format, schema.name, schema.flags = form, name, NULLABLE
        schema.n_children, schema.children = len(children), pointers
        release = RELEASE_SCHEMA(lambda _: None)
        schema.release = release
        self._kept += [pointers, release, form, name]

    def _get_next(self, _: Any, out: Any) -> int:
        if self.left == 0:
            out.contents.release = RELEASE_ARRAY()
            return EIO if self.failure is not None else 0
        self.left -= 1
        children = [self._array(column) for column in self.columns]
        self._fill_array(out.contents, Column("", "+s", self.rows, [None]), children)
        release = RELEASE_ARRAY(self._released("array", RELEASE_ARRAY))
        out.contents.release = release
        self.exports["array"] += 1
        self._kept.append(release)
        return 0

    def _array(self, column: Column) -> CArray:
        array = CArray()
        self._fill_array(array, column, [self._array(child) for child in column.children])
        if column.dictionary is not None:
            array.dictionary = ctypes.pointer(self._array(column.dictionary))
        release = RELEASE_ARRAY(lambda _: None)
        array.release = release
        self._kept += [array, release]
        return array

    def _fill_array(self, array: CArray, column: Column, children: list[CArray]) -> None:
        held = [None if buffer is None else aligned(buffer) for buffer in column.buffers]
        addresses = (ctypes.c_void_p * len(held))(*(None if one is None else one[1] for one in held))
        pointers = (ctypes.POINTER(CArray) * len(children))(*(ctypes.pointer(child) for child in children))
        array.length, array.null_count, array.offset = column.length, column.null_count, column.offset
        array.n_buffers, array.buffers = len(held), addresses
        array.n_children, array.children = len(children), pointers
        self._kept += [held, addresses, pointers]


def aligned(content: bytes) -> tuple[Any, int]:
    """The bytes at an address that 64 divides, as producers should give them, with room behind."""
    room = ctypes.create_string_buffer(len(content) + 128)
    address = (ctypes.addressof(room) + 63) // 64 * 64
    ctypes.memmove(address, content, len(content))
    return room, address
