"""Answers to a batch of deletes are read as they may come, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud.storage_batch import read_answers

GOOGLE = (
    b"--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-1>\r\n\r\n"
    b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n\r\n"
    b"--batch_x\r\nContent-Type: application/http\r\nContent-ID: <response-2>\r\n\r\n"
    b"HTTP/1.1 412 Precondition Failed\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
    b'{"error": {"code": 412, "message": "no\\n\\nmatch"}}\r\n'
    b"--batch_x\r\nContent-Type: application/http\r\n\r\nHTTP/2 404\r\n\r\n\r\n--batch_x--"
)


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    "named", ["multipart/mixed; boundary=batch_x", 'multipart/mixed; boundary="batch_x"; a=b']
)
def test_statuses_and_reasons_are_read(end: bytes, named: str) -> None:
    answers = list(read_answers(named, GOOGLE.replace(b"\r\n", end)))
    assert [answer.status_code for answer in answers] == [204, 412, 404]
    assert answers[1].json()["error"]["message"] == "no\n\nmatch"


@given(st.integers(0, len(GOOGLE)))
def test_a_cut_answer_is_fewer_answers_or_none(length: int) -> None:
    try:
        answers = list(read_answers("multipart/mixed; boundary=batch_x", GOOGLE[:length]))
    except ValueError:
        return
    assert [answer.status_code for answer in answers] == [204, 412, 404][: len(answers)]
    assert len(answers) < 3 or length >= len(GOOGLE) - 2


def test_what_has_no_parts_is_no_answer() -> None:
    with pytest.raises(ValueError, match="not an answer in parts"):
        list(read_answers("text/html", b"<html>"))
