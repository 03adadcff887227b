"""List the APIs over websockets: how a handshake is recognised, and the protocol.

Longer endings come first, because the ending of one path can be the ending of another.
"""

from __future__ import annotations

from ..transports.sockets.protocol import SocketApi
from ..transports.sockets.protocols import gemini, live, mistral, realtime, responses
from ._hosts import provider_of

SOCKET_APIS: tuple[SocketApi, ...] = (
    SocketApi("OpenAI live translation", ("/realtime/translations",), live.Translation, live.UNREAD, "openai", "openai"),
    SocketApi(
        "Mistral realtime transcription",
        ("/audio/transcriptions/realtime",),
        mistral.MistralTranscription,
        mistral.UNREAD,
        "mistral_ai",
        "mistralai",
    ),
    SocketApi("Azure voice live", ("/voice-live/realtime",), realtime.Realtime, realtime.UNREAD, "azure.ai.openai", "openai"),
    SocketApi("OpenAI Realtime", ("/realtime",), realtime.Realtime, realtime.UNREAD, "openai", "openai"),
    SocketApi("OpenAI Responses", ("/responses",), responses.Responses, responses.UNREAD, "openai", "openai"),
    SocketApi("OpenAI Live", ("/live/sessions",), live.Live, live.UNREAD, "openai", "openai"),
    SocketApi(
        "Gemini Live",
        ("BidiGenerateContent", "BidiGenerateContentConstrained"),
        gemini.GeminiLive,
        gemini.UNREAD,
        "gcp.gemini",
        "google_genai",
    ),
)


def provider_behind(api: SocketApi, host: str, port: int | None, path: str) -> str:
    """Return the provider of a socket, by its host."""
    return provider_of(host, port, path, api.provider)
