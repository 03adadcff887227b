"""Amazon Bedrock's agents, agent harnesses and knowledge bases."""

from __future__ import annotations

from typing import Any

from .bedrock_converse import counted, events
from .exchange import Answer, Event, Request, Route, Stream, Whole
from .words import answer_text, count, pieces, texts_in

_MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"


def agent(request: Request) -> Answer:
    """Answer the run of an agent; traces report each of its two model calls."""
    requested = request.fields
    text = str(requested.get("inputText") or "")
    made = [event for number in (1, 2) for event in _traces(f"t{number}", count([text]))] if requested.get("enableTrace") else []
    parts = [Event(piece, "chunk") for piece in pieces(answer_text(request, text))]
    headers = [("x-amzn-bedrock-agent-content-type", "application/json"), ("x-amz-bedrock-agent-session-id", "session-1")]
    return Stream([*made, *parts], headers=headers)


def _traces(key: str, prompt: int) -> list[Event]:
    usage = {"inputTokens": prompt, "outputTokens": 3}
    begun = {"traceId": key, "foundationModel": _MODEL, "text": "{}", "type": "ORCHESTRATION"}
    done = {"traceId": key, "rawResponse": {"content": "{}"}, "metadata": {"usage": usage}}
    steps: tuple[dict[str, Any], ...] = ({"modelInvocationInput": begun}, {"modelInvocationOutput": done})
    return [Event({"sessionId": "session-1", "trace": {"orchestrationTrace": step}}, "trace") for step in steps]


def harness(request: Request) -> Answer:
    """Answer the run of an agent harness, as a conversation."""
    texts = [text for message in request.fields.get("messages") or [] for text in texts_in(message)]
    text = answer_text(request, " ".join(texts))
    body = {
        "output": {"message": {"content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": counted(request, count(texts), count([text])),
        "metrics": {"latencyMs": 7},
    }
    return Stream([Event(data, name) for event in events(body) for name, data in event.items()])


def generate(request: Request) -> Answer:
    """Answer POST /retrieveAndGenerate."""
    text = answer_text(request, str((request.fields.get("input") or {}).get("text")))
    return Whole({"sessionId": "session-1", "output": {"text": text}, "citations": []})


def generate_stream(request: Request) -> Answer:
    """Answer POST /retrieveAndGenerateStream."""
    text = answer_text(request, str((request.fields.get("input") or {}).get("text")))
    return Stream(
        [Event({"text": piece}, "output") for piece in pieces(text)], headers=[("x-amzn-bedrock-knowledge-base-session-id", "session-1")]
    )


def retrieve(_request: Request) -> Answer:
    """Answer POST /knowledgebases/{id}/retrieve with two documents."""
    return Whole({"retrievalResults": [{"content": {"text": text}, "score": 0.5} for text in ("one", "two")]})


def rerank(request: Request) -> Answer:
    """Answer POST /rerank."""
    sources = request.fields.get("sources") or []
    return Whole({"results": [{"index": index, "relevanceScore": 1 / (index + 1)} for index in range(len(sources))]})


ROUTES = (
    Route("POST", "/agents/{agent}/agentAliases/{alias}/sessions/{session}/text", agent),
    Route("POST", "/agents/{session}", agent),
    Route("POST", "/harnesses/invoke", harness),
    Route("POST", "/retrieveAndGenerate", generate),
    Route("POST", "/retrieveAndGenerateStream", generate_stream),
    Route("POST", "/knowledgebases/{id}/retrieve", retrieve),
    Route("POST", "/rerank", rerank),
)
