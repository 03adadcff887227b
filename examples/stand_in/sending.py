"""Send a response at the pace of its scenarios, and update the journal."""

from __future__ import annotations

from .connection import ClientLeft, Connection, head
from .exchange import Answer, Format, Stream, Whole
from .journal import Journal, Record
from .scenarios import Pace


class Sending:
    """Send one response at its pace.

    Each part is recorded before it is sent, so a receiver always finds it in the journal.
    """

    def __init__(self, connection: Connection, journal: Journal, record: Record, format: Format, pace: Pace) -> None:
        self._connection, self._journal, self._record = connection, journal, record
        self._format, self._pace = format, pace

    def send(self, answer: Answer) -> bool:
        """Send the response; return whether the connection is still usable."""
        if self._pace.before:
            self._connection.wait(self._pace.before)
        return self._send_stream(answer) if isinstance(answer, Stream) else self._send_whole(answer)

    def _send_whole(self, answer: Whole) -> bool:
        if self._pace.stop_how in ("die", "hang"):
            return self._stop()
        usage = None if isinstance(answer.body, bytes) else self._format.usage(answer.body)
        if self._pace.stop_how == "cut":
            self._journal.change(self._record, status=answer.status)
            data = whole_bytes(answer)
            self._connection.write(data[: len(data) - len(answer.encoded()) // 2 - 1])
            return False
        self._journal.change(self._record, status=answer.status, usage=usage, finished=True)
        try:
            self._connection.write(whole_bytes(answer))
        except ClientLeft:
            self._journal.change(self._record, usage=None)
            raise
        return True

    def _send_stream(self, answer: Stream) -> bool:
        headers = [("content-type", answer.content_type), *answer.headers, ("transfer-encoding", "chunked")]
        self._journal.change(self._record, status=answer.status)
        self._connection.write(head(answer.status, headers))
        last = len(answer.events) - 1
        for index, event in enumerate(answer.events):
            if index == self._pace.stop_after:
                return self._stop()
            if index and self._pace.between:
                self._connection.wait(self._pace.between)
            usage = self._format.usage(event.data) or self._record.usage
            before = self._record.usage
            ends = index == last and self._pace.stop_after is None
            self._journal.change(self._record, events_sent=index + 1, usage=usage, finished=ends)
            try:
                self._connection.write_chunk(answer.frame(event))
            except ClientLeft:
                self._journal.change(self._record, events_sent=index, usage=before, finished=False)
                raise
        if self._pace.stop_after is not None:
            return self._stop()
        self._connection.write_chunk(b"")
        return True

    def _stop(self) -> bool:
        if self._pace.stop_how == "hang":
            self._connection.wait(None)
        if self._pace.stop_how == "die":
            self._connection.reset()
        return False


def whole_bytes(answer: Whole) -> bytes:
    """Return all bytes of a whole response."""
    body = answer.encoded()
    headers = [("content-type", answer.content_type), *answer.headers, ("content-length", str(len(body)))]
    return head(answer.status, headers) + body
