"""Functions of huggingface_hub's inference clients, not instrumented."""

from __future__ import annotations

_CLASSIFIES = "a model of one task that sorts or finds: it counts no tokens, and the table of operations has no word for it"
_WRITES = "a model of one task whose answer counts nothing; the table of operations has no word for it"
_VIDEO = "makes a video: the table of operations has no word for it"
_STATUS = "asks an endpoint how it is, and no model"

_TASKS = {
    "audio_classification": _CLASSIFIES, "document_question_answering": _CLASSIFIES, "fill_mask": _CLASSIFIES,
    "image_classification": _CLASSIFIES, "image_segmentation": _CLASSIFIES, "object_detection": _CLASSIFIES,
    "question_answering": _CLASSIFIES, "sentence_similarity": _CLASSIFIES, "table_question_answering": _CLASSIFIES,
    "tabular_classification": _CLASSIFIES, "tabular_regression": _CLASSIFIES, "text_classification": _CLASSIFIES,
    "token_classification": _CLASSIFIES, "visual_question_answering": _CLASSIFIES, "zero_shot_classification": _CLASSIFIES,
    "zero_shot_image_classification": _CLASSIFIES, "audio_to_audio": _WRITES, "image_to_text": _WRITES, "summarization": _WRITES,
    "translation": _WRITES, "image_to_video": _VIDEO, "text_to_video": _VIDEO, "get_endpoint_info": _STATUS, "health_check": _STATUS,
}  # fmt: skip

NOT_WATCHED = {
    **{f"huggingface_hub.inference.*:*InferenceClient.{task}": because for task, because in _TASKS.items()},
    "huggingface_hub.inference.*:*InferenceClient._inner_post": "below every task, but the answer is bytes there",
    "huggingface_hub.inference._providers.*:*": "a part of a task of a provider's, inside a function that is watched or listed here",
    "huggingface_hub.inference._common:_open_as_mime_bytes": "fetches what the application wants to send",
    "huggingface_hub.inference._mcp.*": "a loop in this process; each of its requests passes chat_completion",
}
