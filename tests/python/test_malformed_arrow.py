"""Arrow data that is malformed is an error and never a crash; every release callback is called exactly once."""

from __future__ import annotations

import gc
import struct

import pytest

import svcmetrics as sm
from arrow_producer import Column, Producer
from subprocesses import run


def int32(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def int64(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def inline_view(text: bytes) -> bytes:
    return struct.pack("<i12s", len(text), text)


def long_view(length: int, prefix: bytes, buffer: int, offset: int) -> bytes:
    return struct.pack("<i4sii", length, prefix, buffer, offset)


LONG = b"abcdefghijklmnopqrst"
OTHER = "äabcdefghijklmnopqrs".encode()
#: Shorter than two words, longer than what stands within its view.
IDENTITY = b"cus_0000000001"
#: Of four words, and so of any shorter length.
FOUR_WORDS = b"abcdefghijklmnopqrstuvwxyz012345"
#: As many as a byte tells apart: the first is another than the others.
MANY_TEXTS = Column("", "u", 256, [None, int32(*range(257)), b"b" + 255 * b"a"])
TWO_TEXTS = Column("", "u", 2, [None, int32(0, 1, 2), b"ab"])


def text(*offsets: int, data: bytes = b"abc") -> Column:
    return Column("key", "u", len(offsets) - 1, [None, int32(*offsets), data])


def views(*raw: bytes, data: bytes = LONG) -> Column:
    return Column("key", "vu", len(raw), [None, b"".join(raw), data, int64(len(data))])


def codes(form: str, raw: bytes, values: Column = TWO_TEXTS) -> Column:
    return Column("key", form, 2, [None, raw], dictionary=values)


def numbers(length: int = 2, offset: int = 0, null_count: int = 0, buffers: tuple[bytes | None, ...] = ()) -> Column:
    return Column("key", "l", length, buffers or (None, int64(1, 2)), offset, null_count)


def producer(key: Column, batches: int = 1, rows: int = 2, failure: bytes | None = None) -> Producer:
    ones = [Column(name, "l", 2, [None, int64(1, 1)]) for name in ("milestones_met", "milestones_total")]
    return Producer([key, *ones], batches=batches, rows=rows, failure=failure)


def keys_of(key: Column) -> list[object]:
    return list(sm.scorecard(producer(key), by="key", metrics=["adoption_rate"])["adoption_rate"])


SOUND = {
    "text": (text(0, 1, 3), ["a", "bc"]),
    "views": (views(inline_view(b"abc"), long_view(20, b"abcd", 0, 0)), ["abc", LONG.decode()]),
    "views of text beyond ASCII": (
        Column(
            "key", "vu", 2, [None, inline_view("ä€".encode()) + long_view(21, b"\xc3\xa4ab", 0, 0), OTHER, int64(21)]
        ),
        [OTHER.decode(), "ä€"],
    ),
    "views of what is text of something that is none": (
        Column("key", "vu", 2, [None, 2 * long_view(20, b"abcd", 0, 1), b"\xff" + LONG + b"\xff", int64(22)]),
        [LONG.decode()],
    ),
    "views of little of what there is": (
        Column("key", "vu", 2, [None, 2 * long_view(20, b"abcd", 0, 0), LONG + bytes(1000), int64(1020)]),
        [LONG.decode()],
    ),
    "views beyond ASCII": (
        views(inline_view("ä".encode()), long_view(20, b"abcd", 0, 0), data="abcdöööööööö".encode()),
        ["abcdöööööööö", "ä"],
    ),
    "views beyond ASCII of two words at most": (
        views(
            long_view(14, b"cus_", 0, 0), long_view(14, "cuß".encode(), 0, 14), data=IDENTITY + "cuß_000000001".encode()
        ),
        [IDENTITY.decode(), "cuß_000000001"],
    ),
    "views far apart": (
        views(long_view(20, b"abcd", 0, 0), long_view(20, b"abcd", 0, 80), data=LONG + b"\xff" * 60 + LONG),
        [LONG.decode()],
    ),
    "codes": (codes("c", bytes([1, 0])), ["a", "b"]),
    "unsigned codes from the middle of their range on": (
        Column("key", "C", 2, [None, bytes([200, 0])], dictionary=MANY_TEXTS),
        ["a", "b"],
    ),
    "garbage behind a null code": (
        Column("key", "c", 2, [b"\x01", bytes([0, 77])], null_count=1, dictionary=TWO_TEXTS),
        ["a", None],
    ),
    "nulls that nobody counted": (numbers(null_count=-1, buffers=(b"\x02", int64(1, 2))), [2, None]),
    "a column longer than its batch": (Column("key", "l", 3, [None, int64(1, 2, 3)]), [1, 2]),
    "a column with an offset": (Column("key", "l", 2, [None, int64(9, 1, 2)], offset=1), [1, 2]),
    "nothing but nulls": (Column("key", "n", 2, [], null_count=2), [None]),
}
#: What a consumer can check: types, offsets, dictionary indices, UTF-8, lengths.
MALFORMED = {
    "a negative offset of text": text(0, -5, 3),
    "a negative first offset": text(-1, 1, 3),
    "a negative last offset": text(0, 1, -1),
    "offsets that fall": text(0, 3, 1),
    "offsets of large text that fall": Column("key", "U", 2, [None, int64(0, 3, 1), b"abc"]),
    "a negative last offset of large text": Column("key", "U", 2, [None, int64(0, 1, -1), b"abc"]),
    "bytes that are no UTF-8": text(0, 1, 3, data=b"a\xff\xfe"),
    "an offset within a character": text(0, 1, 2, data="ä".encode()),
    "a code beyond the dictionary": codes("c", bytes([0, 5])),
    "a negative code": codes("c", bytes([0, 255])),
    "a negative code of a large dictionary": Column("key", "c", 2, [None, bytes([200, 0])], dictionary=MANY_TEXTS),
    "a large code": codes("l", int64(0, 2**40)),
    "an unsigned code beyond 63 bits": codes("L", int64(0, -1)),
    "a code of an empty dictionary": codes("c", bytes([0, 0]), Column("", "u", 0, [None, int32(0), b""])),
    "a dictionary of malformed text": codes("c", bytes([0, 1]), Column("", "u", 2, [None, int32(0, 2, 1), b"ab"])),
    "a view beyond its buffer": views(inline_view(b"abc"), long_view(20, b"abcd", 0, 10)),
    "a view of no buffer": views(inline_view(b"abc"), long_view(20, b"abcd", 5, 0)),
    "a view of a negative buffer": views(inline_view(b"abc"), long_view(20, b"abcd", -1, 0)),
    "a view of negative length": views(inline_view(b"abc"), long_view(-1, b"abcd", 0, 0)),
    "a view from a negative offset": views(inline_view(b"abc"), long_view(20, b"abcd", 0, -4)),
    "a view with another prefix": views(inline_view(b"abc"), long_view(20, b"zzzz", 0, 0)),
    "a long view that is no UTF-8": Column(
        "key", "vu", 2, [None, 2 * long_view(20, b"abcd", 0, 0), LONG[:-1] + b"\xff", int64(20)]
    ),
    "a view that ends within a character": Column(
        "key", "vu", 2, [None, 2 * long_view(20, b"abcd", 0, 0), LONG[:-1] + "ä".encode(), int64(21)]
    ),
    "a view with something behind its text": views(inline_view(b"abc"), struct.pack("<i12s", 2, b"abc")),
    "a view that is no UTF-8": views(inline_view(b"abc"), inline_view(b"\xff\xfe")),
    "short views that are UTF-8 only together": views(inline_view(b"ab\xc3"), inline_view(b"\xa4b")),
    "long views that are UTF-8 only together": views(
        long_view(20, b"abcd", 0, 0), long_view(20, b"\xa4abc", 0, 20), data=LONG[:-1] + "ä".encode() + LONG[:-1]
    ),
    "a long view that is no UTF-8 after a short one": views(
        inline_view(b"abc"), long_view(20, b"abcd", 0, 0), data=LONG[:-1] + b"\xff"
    ),
    "garbage behind a short view": views(inline_view(b"abc"), struct.pack("<i12s", 1, b"ab")),
    **{
        f"a view of two words at most with a byte that is no UTF-8 at {place}": views(
            long_view(14, b"cus_", 0, 0),
            long_view(14, b"cus_", 0, 0),
            data=IDENTITY[:place] + b"\xff" + IDENTITY[place + 1 :],
        )
        for place in (4, 7, 8, 13)
    },
    **{
        f"a view of {length} bytes with one that is no UTF-8 at {place}": views(
            long_view(length, b"abcd", 0, 0),
            long_view(length, b"abcd", 0, 0),
            data=FOUR_WORDS[:place] + b"\xff" + FOUR_WORDS[place + 1 : length],
        )
        for length in (17, 25, 32)
        for place in (4, 8, 15, 16, 23, length - 1)
        if place < length
    },
    "a negative length": numbers(length=-1),
    "a length beyond memory": numbers(length=2**62),
    "a negative array offset": numbers(offset=-1),
    "an array offset beyond memory": numbers(offset=2**63 - 1),
    "more nulls than rows": numbers(null_count=99, buffers=(b"\x03", int64(1, 2))),
    "a column shorter than its batch": Column("key", "l", 1, [None, int64(1)]),
    "a missing buffer": Column("key", "l", 2, [None, None]),
    "too few buffers": Column("key", "l", 2, [None]),
    "too many buffers": Column("key", "l", 2, [None, int64(1, 2), int64(1, 2)]),
    "a list without its items": Column("key", "+l", 2, [None, int32(0, 0, 0)]),
    "a fixed width below 0": Column("key", "w:-1", 2, [None, b""]),
    "a name that is no UTF-8": Column(b"\xff", "l", 2, [None, int64(1, 2)]),
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_data_is_read(name: str) -> None:
    column, expected = SOUND[name]
    assert keys_of(column) == expected


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_data_is_an_error_and_never_a_crash(name: str) -> None:
    # In a process of its own, so that a crash would fail this test alone. A panic that gets out is no Exception.
    program = """
    import sys
    import svcmetrics as sm
    from test_malformed_arrow import MALFORMED, producer
    stream = producer(MALFORMED[sys.argv[1]])
    try:
        sm.scorecard(stream, by="key", metrics=["adoption_rate"])
    except ValueError:
        print("refused")
    except BaseException as error:
        print(f"{type(error).__name__}: {error}")
    else:
        print("taken")
    """
    assert run(program, name, RUST_BACKTRACE="0").strip() == "refused"


def test_malformed_columns_of_a_mapping_are_errors_and_never_a_crash() -> None:
    program = """
    import svcmetrics as sm
    from test_malformed_arrow import MALFORMED, producer

    class Sized:
        def __init__(self, stream):
            self.stream = stream

        def __len__(self):
            return 2

        def __arrow_c_stream__(self, requested_schema=None):
            return self.stream.__arrow_c_stream__(requested_schema)

    for name, column in MALFORMED.items():
        try:
            sm.scorecard({"key": Sized(producer(column)), "reached_goal": [True, True]}, by="key")
        except ValueError:
            continue
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}")
        else:
            print(f"{name}: taken")
    """
    assert run(program, RUST_BACKTRACE="0") == ""


#: So many that views are looked at a word of them at a time.
MANY = 400


def many_views(place: int, view: bytes = b"", text: bytes = b"") -> tuple[Producer, list[bytes]]:
    """A table with texts of 20 bytes in views, one after another, of which one is another; and the texts."""
    texts = [b"customer-%011d" % number for number in range(MANY)]
    texts[place] = text or texts[place]
    each = [long_view(20, text[:4], 0, 20 * number) for number, text in enumerate(texts)]
    each[place] = view or each[place]
    column = views(*each, data=b"".join(texts))
    ones = [Column(name, "l", MANY, [None, int64(*[1] * MANY)]) for name in ("milestones_met", "milestones_total")]
    return Producer([column, *ones]), texts


@pytest.mark.parametrize("place", [0, 150, MANY - 1])
def test_views_that_are_looked_at_together_are_read(place: int) -> None:
    for other in (b"customer-that-is-asc", "kündin-000000000001".encode(), 10 * "ä".encode()):
        table, texts = many_views(place, text=other)
        figures = sm.scorecard(table, by="key")["adoption_rate"]
        assert list(figures) == sorted(text.decode() for text in texts)


@pytest.mark.parametrize("place", [0, 150, MANY - 1])
@pytest.mark.parametrize(
    "fault",
    [
        {"view": long_view(20, b"zzzz", 0, 0)},
        {"view": long_view(20, b"cust", 0, 20 * MANY - 19)},
        {"view": long_view(20, b"cust", 1, 0)},
        {"view": long_view(20, b"cust", -1, 0)},
        {"view": long_view(-1, b"cust", 0, 0)},
        {"view": long_view(20, b"cust", 0, -20)},
        {"view": inline_view(b"\xff\xfe")},
        {"text": b"customer\xff00000000000"},
        {"text": b"customer-0000000000\xc3"},
    ],
)
def test_views_that_are_looked_at_together_are_refused_where_one_is_malformed(
    place: int, fault: dict[str, bytes]
) -> None:
    table, _ = many_views(place, **fault)
    with pytest.raises(sm.SvcMetricsError, match="malformed Arrow data: column 'key'"):
        sm.scorecard(table, by="key")


def test_the_error_for_malformed_data_is_one_of_ours() -> None:
    for name in ("offsets that fall", "a negative code", "bytes that are no UTF-8", "a column shorter than its batch"):
        with pytest.raises(sm.SvcMetricsError, match="key"):
            keys_of(MALFORMED[name])


@pytest.mark.parametrize("name", [name for name in MALFORMED if MALFORMED[name].name == "key"])
def test_malformed_data_is_let_go_exactly_once(name: str) -> None:
    stream = producer(MALFORMED[name], batches=3)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - which one is another test's matter
        sm.scorecard(stream, by="key", metrics=["adoption_rate"])
    gc.collect()
    assert stream.released == stream.exports
    assert stream.exports["stream"] == 1


@pytest.mark.parametrize("batches", [0, 1, 5])
def test_every_release_callback_is_called_exactly_once(batches: int) -> None:
    stream = producer(text(0, 1, 3), batches=batches)
    card = sm.scorecard(stream, by="key", metrics=["adoption_rate"])
    assert card.quality.rows == 2 * batches
    gc.collect()
    assert stream.exports == {"stream": 1, "schema": 1, "array": batches}
    assert stream.released == stream.exports


def test_a_failed_request_lets_the_stream_go_once() -> None:
    stream = producer(text(0, 1, 3), batches=2)
    with pytest.raises(sm.errors.ColumnNotFoundError):
        sm.scorecard(stream, by="plan")
    gc.collect()
    assert stream.released == stream.exports == {"stream": 1, "schema": 1, "array": 0}


def test_an_error_in_a_later_batch_lets_everything_go_once() -> None:
    stream = producer(text(0, 1, 3), batches=2, failure=b"the disk is on fire")
    with pytest.raises(sm.SvcMetricsError, match="the disk is on fire"):
        sm.scorecard(stream, by="key")
    gc.collect()
    assert stream.released == stream.exports == {"stream": 1, "schema": 1, "array": 2}


@pytest.mark.parametrize("recurring", [1, 3, 200])
@pytest.mark.parametrize("place", [0, 1, 63, 64, 65, 99, 100, 128, 163, 164, 165, 199])
def test_one_view_among_many_is_found_wherever_it_stands(place: int, recurring: int) -> None:
    def found(raw: list[bytes]) -> list[object]:
        key = Column("key", "vu", len(raw), [None, b"".join(raw), 2 * LONG, int64(2 * len(LONG))])
        names = ("milestones_met", "milestones_total")
        ones = [Column(name, "l", len(raw), [None, int64(*[1] * len(raw))]) for name in names]
        table = Producer([key, *ones], rows=len(raw))
        return list(sm.scorecard(table, by="key", metrics=["adoption_rate"])["adoption_rate"])

    raw = [long_view(20, b"abcd", 0, 20 * (row // recurring % 2)) for row in range(200)]
    assert found(raw) == [LONG.decode()]
    for wrong in (long_view(20, b"abcd", 0, 30), inline_view(b"a\xff"), long_view(20, b"abcx", 0, 0)):
        raw[place] = wrong
        with pytest.raises(sm.errors.ArrowDataError, match="column 'key'"):
            found(raw)


@pytest.mark.parametrize("recurring", [1, 3, 200])
@pytest.mark.parametrize("place", [0, 1, 48, 49, 50, 51, 52, 53, 62, 63, 64, 190])
def test_views_that_are_utf8_only_together_are_found_wherever_they_stand(place: int, recurring: int) -> None:
    raw = [long_view(20, b"abcd", 0, 20 * (row // recurring % 2)) for row in range(200)]
    for parts in ((b"ab\xc3", b"\xa4b"), (b"ab\xc3", b"\xa4\xc3", b"\xa4b")):
        wrong = [*raw[:place], *map(inline_view, parts), *raw[place + len(parts) :]]
        key = Column("key", "vu", len(wrong), [None, b"".join(wrong), 2 * LONG, int64(2 * len(LONG))])
        ones = [
            Column(name, "l", len(wrong), [None, len(wrong) * int64(1)])
            for name in ("milestones_met", "milestones_total")
        ]
        with pytest.raises(sm.errors.ArrowDataError, match="column 'key'"):
            sm.scorecard(Producer([key, *ones], rows=len(wrong)), by="key", metrics=["adoption_rate"])


@pytest.mark.parametrize("recurring", [1, 3, 20, 300_000])
@pytest.mark.parametrize("place", [0, 63, 65_536, 65_537, 131_071, 299_999])
def test_one_view_among_so_many_that_threads_share_them_is_found(place: int, recurring: int) -> None:
    views = b"".join(long_view(20, b"abcd", 0, 20 * (row // recurring % 2)) for row in range(300_000))

    def found(views: bytes) -> list[object]:
        rows = len(views) // 16
        key = Column("key", "vu", rows, [None, views, 2 * LONG, int64(2 * len(LONG))])
        names = ("milestones_met", "milestones_total")
        ones = [Column(name, "l", rows, [None, rows * int64(1)]) for name in names]
        return list(
            sm.scorecard(Producer([key, *ones], rows=rows), by="key", metrics=["adoption_rate"])["adoption_rate"]
        )

    assert found(views) == [LONG.decode()]
    wrong = long_view(20, b"abcd", 0, 30)
    with pytest.raises(sm.errors.ArrowDataError, match="column 'key'"):
        found(views[: 16 * place] + wrong + views[16 * (place + 1) :])


def test_a_stream_is_read_once() -> None:
    class Once:
        def __init__(self) -> None:
            self.capsule = producer_of_once.__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.capsule

    producer_of_once = producer(text(0, 1, 3))
    once = Once()
    assert sm.scorecard(once)["adoption_rate"].numerator == 2
    with pytest.raises(sm.SvcMetricsError, match="can be read once"):
        sm.scorecard(once)


def runs(
    *ends: int, form: str = "i", values: int = 2, length: int = 2, offset: int = 0, nullable: bool = False
) -> Column:
    raw = int32(*ends) if form == "i" else int64(*ends)
    run_ends = Column("run_ends", form, len(ends), [None, raw], nullable=nullable)
    texts = Column("values", "u", values, [None, int32(*range(values + 1)), b"abcd"])
    return Column("key", "+r", length, [], offset, children=(run_ends, texts))


def test_sound_runs_are_read() -> None:
    assert keys_of(runs(1, 2)) == ["a", "b"]
    assert keys_of(runs(1, 4, form="l")) == ["a", "b"]
    assert keys_of(runs(1, 9, offset=1)) == ["b"]


@pytest.mark.parametrize(
    "malformed",
    [
        runs(2, 1),
        runs(1, 1),
        runs(0, 2),
        runs(-1, 2),
        runs(1),
        runs(1, 2, 3),
        runs(1, 2, values=1),
        runs(1, 2, offset=1),
        runs(),
        runs(1, 2, form="L"),
        runs(1, 2, nullable=True),
    ],
    ids=lambda column: str(column.children[0])[:60],
)
def test_runs_that_contradict_themselves_are_an_error(malformed: Column) -> None:
    with pytest.raises(sm.SvcMetricsError) as caught:
        keys_of(malformed)
    assert not isinstance(caught.value, sm.errors.InternalError), caught.value


@pytest.mark.parametrize("form", ["zzz", "_pli128", "d:999,3"])
def test_a_type_that_nobody_knows_is_named_with_its_column(form: str) -> None:
    unknown = Column("key", form, 2, [None, int64(0, 0, 0, 0)])
    with pytest.raises(sm.errors.ColumnTypeError) as caught:
        sm.scorecard(producer(unknown), by="key")
    assert caught.value.column == "key"
    assert form in str(caught.value)


@pytest.mark.parametrize("form", ["zzz", "_pli128", "d:999,3"])
def test_a_type_that_nobody_knows_does_no_harm_in_a_column_that_is_not_read(form: str) -> None:
    unknown = Column("key", form, 2, [None, int64(0, 0, 0, 0)])
    assert sm.scorecard(producer(unknown))["adoption_rate"].numerator == 2


def test_an_object_that_gives_no_stream_is_refused() -> None:
    class NoCapsule:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return 3

    class Failing:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise RuntimeError("the producer's own error")

    with pytest.raises(sm.SvcMetricsError, match="no capsule"):
        sm.scorecard(NoCapsule())
    with pytest.raises(RuntimeError, match="the producer's own error"):
        sm.scorecard(Failing())
