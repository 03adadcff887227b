"""Billed calls that are not observed, by distribution, each with the reason.

A key is a pattern of ``module:function``, or of ``service:method`` for botocore. ``tests/contract/test_census.py`` fails if a release
of an SDK has a function that sends requests and is neither observed, nor listed here, nor listed as not billed in ``tests/census``.
"""

from __future__ import annotations

from collections.abc import Mapping

_SOCKET = "a WebSocket in both directions, without a single request and response"
_AGENT = "an agent runs at the provider, which makes the model calls there"
_RUNS = "runs at the provider, which makes the model calls there"
_TRAINING = "a training job that the program polls"
_TRAINING_OR_EVALUATION = "a training or evaluation job that the program polls"
_LATER = "a job that the provider completes after the call"
_VIDEO_JOB = "a job that the program polls until the video is complete"
_VIDEO = "video generation, for which the conventions have no operation"
_PARSING = "document parsing, billed by page, for which the conventions have no operation"
_PAGES = "document or page parsing, for which the conventions have no operation"
_TASK = "a model for one task, without tokens; the conventions have no operation for it"
_SEARCH = "a web search"
_VOICE = "speech with a voice of the request; its response is not documented"

UNOBSERVED: Mapping[str, Mapping[str, str]] = {
    "ai21": {
        "ai21.clients.studio.resources.agents.*": _RUNS,
        "ai21.clients.studio.resources.maestro.*": _RUNS,
        "ai21.clients.studio.resources.studio_conversational_rag:*": _RUNS,
        "ai21.clients.studio.resources.beta.*": "other names of the functions above",
        "ai21.clients.studio.resources.studio_chat:*StudioChat.create": "chats with Jurassic models, whose format is older than Jamba",
    },
    "anthropic": {
        "anthropic.resources.beta.deployment*": _AGENT,
        "anthropic.resources.beta.dreams:*": _AGENT,
        "anthropic.resources.beta.environments.*": _AGENT,
        "anthropic.resources.beta.sessions.*": _AGENT,
        "anthropic.lib.environments.*": _AGENT,
        "anthropic.lib.sessions.*": _AGENT,
    },
    "botocore": {
        "bedrock-runtime:start_async_invoke": "a job that writes its result to a bucket; the response has no usage",
        "bedrock-runtime:invoke_model_with_bidirectional_stream": "needs HTTP/2; botocore removes the method from its clients",
        "bedrock-agent-runtime:invoke_flow": "a flow runs at AWS; its response has no usage",
        "bedrock-agent-runtime:generate_query": "a query for a database; its response has no usage",
        "bedrock-agent-runtime:optimize_prompt": "a prompt is rewritten at AWS; its response has no usage",
        "bedrock-agent-runtime:agentic_*": "an agent or a retrieval runs at AWS; its response has no usage",
        "bedrock-agentcore:*": "a runtime of the user at AWS, whose own process makes the model calls",
        "bedrock-data-automation*": "an agent, a flow or a knowledge base runs at AWS, which makes the model calls there",
        "bedrock:create_model_invocation_job": "a batch over files in a bucket, whose results this process does not read",
        "sagemaker-runtime:*": "an endpoint of the user; the response does not identify a model",
    },
    "cohere": {
        "cohere.v2.client:*V2Client.parse": _PARSING,
        "cohere.v2.raw_client:*RawV2Client.parse": _PARSING,
    },
    "dashscope": {
        "dashscope.aigc.image_synthesis:*": "a job that the program polls until it is complete",
        "dashscope.aigc.image_generation:*": "a job that the program polls until it is complete",
        "dashscope.aigc.video_synthesis:*": "a job that the program polls until it is complete",
        "dashscope.embeddings.batch_text_embedding:*": "a job that the program polls until it is complete",
        "dashscope.v2.resources._jobs:*": "a job that the program polls until it is complete",
        "dashscope.v2.resources.images:*": "a job that the program polls until it is complete",
        "dashscope.app.*": _AGENT,
        "dashscope.assistants.*": _AGENT,
        "dashscope.threads.*": _AGENT,
        "dashscope.agentstudio.*": _AGENT,
        "dashscope.v2.resources.apps:*": _AGENT,
        "dashscope.audio.*": _SOCKET,
        "dashscope.multimodal.*": _SOCKET,
        "dashscope.nlp.*": "a classification in its own format; nothing is generated",
        "dashscope.aigc.chat_completion:*": "a class that the package does not export",
        "dashscope.v2.resources.decision:*": "a decision, for which the conventions have no operation",
        "dashscope.v2.resources.audio.*": "a preview of speech functions",
        "dashscope.v2.resources.tingwu:*": "meeting minutes, for which the conventions have no operation",
        "dashscope.v2.resources.fine_tunes:*": _TRAINING,
        "dashscope.v2.resources.reinforcement_learning:*": _TRAINING,
    },
    "fireworks-ai": {
        "fireworks.resources.batch_inference_jobs:*": "a job over a data set at the provider, which reports no usage",
        "fireworks.resources.dpo_jobs:*": _TRAINING_OR_EVALUATION,
        "fireworks.resources.evaluat*": _TRAINING_OR_EVALUATION,
        "fireworks.resources.reinforcement_fine_tuning_*": _TRAINING_OR_EVALUATION,
        "fireworks.resources.supervised_fine_tuning_jobs:*": _TRAINING_OR_EVALUATION,
        "fireworks.training.*": _TRAINING_OR_EVALUATION,
    },
    "google-cloud-aiplatform": {
        "vertexai.vision_models._vision_models:ImageGenerationModel.*": "image generation, which google-genai has replaced",
        "vertexai.vision_models._vision_models:MultiModalEmbeddingModel.get_embeddings": "embeddings of images and videos, without a token count",
        "vertexai.vision_models._vision_models:*": "image analysis, for which the conventions have no operation",
    },
    "google-genai": {
        "google.genai.models:*Models.segment_image": "image segmentation, for which the conventions have no operation",
        "google.genai.models:*Models.generate_videos": "a job that returns an operation without usage",
        "google.genai.models:*Models._generate_videos": "a job that returns an operation without usage",
        "google.genai._interactions_websocket:*": _SOCKET,
        "google.genai.live_music:*": _SOCKET,
        "google.genai._gaos.triggers:*": _AGENT,
        "google.genai._gaos.google_genai:*Triggers.*": _AGENT,
        "google.genai.tunings:*": _TRAINING,
    },
    "huggingface_hub": {
        "huggingface_hub.inference.*:*InferenceClient.audio_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.document_question_answering": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.fill_mask": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.image_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.image_segmentation": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.object_detection": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.question_answering": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.sentence_similarity": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.table_question_answering": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.tabular_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.tabular_regression": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.text_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.token_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.visual_question_answering": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.zero_shot_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.zero_shot_image_classification": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.audio_to_audio": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.image_to_text": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.summarization": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.translation": _TASK,
        "huggingface_hub.inference.*:*InferenceClient.image_to_video": _VIDEO,
        "huggingface_hub.inference.*:*InferenceClient.text_to_video": _VIDEO,
    },
    "ibm-watsonx-ai": {
        "ibm_watsonx_ai.foundation_models.inference.audio_model_inference:*": "a transcription whose response has neither tokens nor seconds",
        "ibm_watsonx_ai.foundation_models.inference.ts_model_inference:*": "a forecast of time series, for which the conventions have no operation",
        "ibm_watsonx_ai.foundation_models.moderations.*": "guardrails, for which the conventions have no operation",
        "ibm_watsonx_ai.foundation_models.batch_inference.*": _LATER,
        "ibm_watsonx_ai.foundation_models.classifications.*": _LATER,
        "ibm_watsonx_ai.foundation_models.extractions.*": _LATER,
        "ibm_watsonx_ai.foundation_models.ilab.*": _LATER,
        "ibm_watsonx_ai.foundation_models.semantic_schema.*": _LATER,
    },
    "litellm": {
        "litellm.a2a_protocol.main:*": "sends messages to agents of others with the A2A protocol",
        "litellm.search.main:*": "search, document parsing and decisions, for which the conventions have no operation",
        "litellm.extraction.main:*": "search, document parsing and decisions, for which the conventions have no operation",
        "litellm.systemone.main:*": "search, document parsing and decisions, for which the conventions have no operation",
        "litellm.decisions.main:*": "search, document parsing and decisions, for which the conventions have no operation",
        "litellm.ocr.*": "implemented in a library that is not Python",
        "litellm.videos.main:*": _VIDEO,
        "litellm.google_genai.main:*": "passes requests in Google's format through, for the proxy",
        "litellm.interactions.*": "passes requests in Google's format through, for the proxy",
        "litellm.passthrough.main:*": "passes a request through without reading it",
        "litellm.realtime_api.main:*": _SOCKET,
    },
    "mistralai": {
        "mistralai.client.ocr:Ocr.process": _PARSING,
        "mistralai.azure.client.ocr:Ocr.process": _PARSING,
        "mistralai.client.judges:*": _RUNS,
        "mistralai.client.evaluations*:*": _RUNS,
        "mistralai.client.workflows*:*": _RUNS,
        "mistralai.client.executions:*": _RUNS,
        "mistralai.client.schedules:*": _RUNS,
        "mistralai.client.triggers:*": _RUNS,
        "mistralai.client.deployments:*": _RUNS,
        "mistralai.client.optimizations:*": _RUNS,
        "mistralai.client.audio_sessions:*": _RUNS,
        "mistralai.extra.voice_agents.*": _RUNS,
        "mistralai.extra.workflows.*": _RUNS,
        "mistralai.client.context_search_indexes:*": "a search in an index at the provider",
    },
    "ollama": {
        "ollama._client:*Client.web_search": "a web search or fetch",
        "ollama._client:*Client.web_fetch": "a web search or fetch",
    },
    "openai": {
        "openai.resources.beta.agents.*": _AGENT,
        "openai.resources.beta.chatkit.*": _AGENT,
        "openai.resources.beta.threads.runs.runs:*Runs.submit_tool_outputs*": "continues a run, whose usage is recorded when the run is fetched",
        "openai.resources.evals.*": _TRAINING_OR_EVALUATION,
        "openai.resources.fine_tuning.*": _TRAINING_OR_EVALUATION,
        "openai.resources.live.*": "starts or controls a telephone call or a live session, whose model calls are made at the provider",
        "openai.resources.realtime.calls:*": "starts or controls a telephone call or a live session, whose model calls are made at the provider",
        "openai.resources.videos:*Videos.edit": _VIDEO_JOB,
        "openai.resources.videos:*Videos.remix": _VIDEO_JOB,
        "openai.resources.videos:*Videos.extend": _VIDEO_JOB,
    },
    "sambanova": {
        "sambanova.resources.messages:*": "messages in the format of another provider",
    },
    "replicate": {
        "replicate.training:*": _TRAINING,
    },
    "together": {
        "together.lib.realtime.*": _SOCKET,
        "together.resources.realtime:*": _SOCKET,
        "together.post_training.*": _TRAINING,
        "together.resources.fine_tuning*": _TRAINING,
        "together.resources.post_training.*": _TRAINING,
        "together.resources.beta.*": "deployments of the application's own containers, and their queues",
        "together.resources.evals*": "an evaluation job, which makes its model calls at the provider",
        "together.resources.videos*": _VIDEO_JOB,
    },
    "writer-sdk": {
        "writerai.resources.applications.*": "an application or a tool of the provider; its response names neither a model nor usage",
        "writerai.resources.applications:*": "an application or a tool of the provider; its response names neither a model nor usage",
        "writerai.resources.graphs:*GraphsResource.question": "an application or a tool of the provider; its response names neither a model nor usage",
        "writerai.resources.tools:*": "an application or a tool of the provider; its response names neither a model nor usage",
        "writerai.resources.translation:*": "a translation of text without usage, for which the conventions have no operation",
    },
    "xai-sdk": {
        "xai_sdk.*.chat:*.compact*": "compaction of a conversation, for which the conventions have no operation",
        "xai_sdk.*.video:*": _VIDEO,
        "xai_sdk.*.batch:*": _LATER,
    },
    "zai-sdk": {
        "zai.api_resource.chat.async_completions:*": _LATER,
        "zai.api_resource.images.*:Images.async_generations": _LATER,
        "zai.api_resource.images.*:Images.retrieve_images_result": _LATER,
        "zai.api_resource.videos.*": _LATER,
        "zai.api_resource.agents.*": _AGENT,
        "zai.api_resource.assistant.*": _AGENT,
        "zai.api_resource.audio.*:Audio.customization": _VOICE,
        "zai.api_resource.file_parser.*": _PAGES,
        "zai.api_resource.ocr.*": _PAGES,
        "zai.api_resource.web_reader.*": _PAGES,
        "zai.api_resource.web_search.*": _SEARCH,
        "zai.api_resource.tools.*": _SEARCH,
    },
    "zhipuai": {
        "zhipuai.api_resource.chat.async_completions:*": _LATER,
        "zhipuai.api_resource.images.*:Images.async_generations": _LATER,
        "zhipuai.api_resource.images.*:Images.retrieve_images_result": _LATER,
        "zhipuai.api_resource.videos.*": _LATER,
        "zhipuai.api_resource.agents.*": _AGENT,
        "zhipuai.api_resource.assistant.*": _AGENT,
        "zhipuai.api_resource.audio.*:Audio.customization": _VOICE,
        "zhipuai.api_resource.file_parser.*": _PAGES,
        "zhipuai.api_resource.ocr.*": _PAGES,
        "zhipuai.api_resource.web_reader.*": _PAGES,
        "zhipuai.api_resource.web_search.*": _SEARCH,
        "zhipuai.api_resource.tools.*": _SEARCH,
        "zhipuai.api_resource.fine_tuning.*": _TRAINING,
    },
}


def by_reason(distribution: str) -> dict[str, list[str]]:
    """Return the patterns of a distribution by reason.

    >>> by_reason("replicate")
    {'a training job that the program polls': ['replicate.training:*']}
    """
    found: dict[str, list[str]] = {}
    for pattern, reason in UNOBSERVED.get(distribution, {}).items():
        found.setdefault(reason, []).append(pattern)
    return found
