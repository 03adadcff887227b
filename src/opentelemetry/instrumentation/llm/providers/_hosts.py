"""Map hosts to providers, for spans, metrics and prices.

The base URL identifies the provider of an SDK that is pointed at another host. Names are those of the conventions
where they define one. A host that is in no table has the name that ``default`` gives, unless the setting
``host_providers`` names it. For SDKs that are used with many hosts that is ``UNKNOWN``, which has no prices. A local
host means the SDK's own provider.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

_SUFFIXES: Mapping[str, str] = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.openai",
    "models.inference.ai.azure.com": "azure.ai.inference",
    "inference.ai.azure.com": "azure.ai.inference",
    "models.github.ai": "azure.ai.inference",
    "amazonaws.com": "aws.bedrock",
    "api.aws": "aws.bedrock",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "api.anthropic.com": "anthropic",
    "api.x.ai": "x_ai",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "mistral.ai": "mistral_ai",
    "api.perplexity.ai": "perplexity",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "ml.cloud.ibm.com": "ibm.watsonx.ai",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "openrouter.ai": "openrouter",
    "api.together.ai": "together",
    "api.together.xyz": "together",
    "api-inference.together.ai": "together",
    "api.fireworks.ai": "fireworks",
    "api.cerebras.ai": "cerebras",
    "integrate.api.nvidia.com": "nvidia",
    "api.deepinfra.com": "deepinfra",
    "api.sambanova.ai": "sambanova",
    "inference.baseten.co": "baseten",
    "router.huggingface.co": "huggingface",
    "api-inference.huggingface.co": "huggingface",
    "endpoints.huggingface.cloud": "huggingface",
    "dashscope.aliyuncs.com": "dashscope",
    "dashscope-intl.aliyuncs.com": "dashscope",
    "open.bigmodel.cn": "zhipuai",
    "api.z.ai": "zai",
    "api.minimax.io": "minimax",
    "api.minimaxi.com": "minimax",
    "volces.com": "volcengine",
    "qianfan.baidubce.com": "qianfan",
    "ai-gateway.vercel.sh": "vercel",
    "api.hyperbolic.xyz": "hyperbolic",
    "api.studio.nebius.ai": "nebius",
    "api.friendli.ai": "friendli",
    "api.llama.com": "meta_llama",
    "api.featherless.ai": "featherless",
    "api.lambda.ai": "lambda",
    "ollama.com": "ollama",
    "api.ai21.com": "ai21",
    "api.writer.com": "writer",
    "api.voyageai.com": "voyageai",
    "api.replicate.com": "replicate",
    "snowflakecomputing.com": "snowflake",
    "cloud.databricks.com": "databricks",
    "azuredatabricks.net": "databricks",
    "gateway.ai.cloudflare.com": "cloudflare",
    "api.cloudflare.com": "cloudflare",
    "api.portkey.ai": "portkey",
    "openai.azure.us": "azure.ai.openai",
    "openai.azure.cn": "azure.ai.openai",
    "cognitiveservices.azure.us": "azure.ai.openai",
    "models.ai.azure.com": "azure.ai.inference",
    "api.hunyuan.cloud.tencent.com": "hunyuan",
    "api.lkeap.cloud.tencent.com": "hunyuan",
    "api.upstage.ai": "upstage",
    "api.reka.ai": "reka",
    "inference.do-ai.run": "digitalocean",
    "api.stepfun.com": "stepfun",
    "api.stepfun.ai": "stepfun",
    "api.siliconflow.com": "siliconflow",
    "api.siliconflow.cn": "siliconflow",
    "api.inceptionlabs.ai": "inception",
    "api.novita.ai": "novita",
    "jina.ai": "jina_ai",
    "api.nscale.com": "nscale",
    "api.scaleway.ai": "scaleway",
    "cloud.ovh.net": "ovhcloud",
    "api.exa.ai": "exa",
    "api.parallel.ai": "parallel",
    "api.avian.io": "avian",
    "api.arcee.ai": "arcee",
    "api.doubleword.ai": "doubleword",
    "api.baichuan-ai.com": "baichuan",
    "api.lingyiwanwu.com": "yi",
    "llm.chutes.ai": "chutes",
    "api.kluster.ai": "kluster",
    "api.inference.net": "inference_net",
    "api.inference.wandb.ai": "wandb",
    "api.morphllm.com": "morph",
    "api.parasail.io": "parasail",
    "api.venice.ai": "venice",
    "api.gmi-serving.com": "gmi",
    "api.aimlapi.com": "aiml",
    "llm.api.cloud.yandex.net": "yandex",
    "chat.maritaca.ai": "maritaca",
    "api.sarvam.ai": "sarvam",
    "nebius.com": "nebius",
    "inference.heroku.com": "heroku",
    "oraclecloud.com": "oci",
    "api.githubcopilot.com": "github_copilot",
    "api.poe.com": "poe",
    "router.requesty.ai": "requesty",
    "api.braintrust.dev": "braintrust",
    "gateway.braintrust.dev": "braintrust",
    "ai-gateway.helicone.ai": "helicone",
    "oai.helicone.ai": "openai",
    "anthropic.helicone.ai": "anthropic",
    "api.aleph-alpha.com": "aleph_alpha",
    "gigachat.devices.sberbank.ru": "gigachat",
}
UNKNOWN = "unknown_provider"
"""The name of a provider behind a host that is in no table."""
_SPOKEN_BY_MANY = frozenset({"openai"})
"""SDKs for any host: an unknown host does not identify the provider."""
_PATHS: Mapping[tuple[str, str], str] = {
    ("services.ai.azure.com", "/models"): "azure.ai.inference",
    ("services.ai.azure.com", "/anthropic"): "anthropic",
}
_GATEWAY = "gateway.ai.cloudflare.com"
_BEHIND_GATEWAY: Mapping[str, str] = {
    "openai": "openai",
    "azure-openai": "azure.ai.openai",
    "anthropic": "anthropic",
    "google-ai-studio": "gcp.gemini",
    "google-vertex-ai": "gcp.vertex_ai",
    "aws-bedrock": "aws.bedrock",
    "groq": "groq",
    "mistral": "mistral_ai",
    "deepseek": "deepseek",
    "grok": "x_ai",
    "perplexity-ai": "perplexity",
    "openrouter": "openrouter",
    "cerebras": "cerebras",
    "cohere": "cohere",
}
"""The billed provider behind Cloudflare's gateway, by the next part of the path.

The part follows account and gateway. The gateway adds nothing to the provider's price.
"""
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal"})
_LOCAL_PORTS: Mapping[int, str] = {11434: "ollama", 1234: "lm_studio"}


def _suffixes(host: str) -> list[str]:
    parts = host.lower().rstrip(".").split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


@lru_cache(maxsize=1024)
def provider_of(host: str, port: int | None = None, path: str = "", default: str = "openai") -> str:
    """Name the provider behind a host.

    >>> provider_of("my-resource.openai.azure.com"), provider_of("localhost", 11434), provider_of("llm.example.com")
    ('azure.ai.openai', 'ollama', 'unknown_provider')
    >>> provider_of("gateway.ai.cloudflare.com", None, "/v1/account/gateway/openai"), provider_of("gateway.ai.cloudflare.com")
    ('openai', 'cloudflare')
    >>> provider_of("localhost"), provider_of("llm.example.com", default="groq")
    ('openai', 'groq')
    """
    if host == _GATEWAY and len(parts := path.split("/")) > 4 and parts[4] in _BEHIND_GATEWAY:
        return _BEHIND_GATEWAY[parts[4]]
    for suffix in _suffixes(host):
        for (host_part, start), provider in _PATHS.items():
            if suffix == host_part and path.startswith(start):
                return provider
        if suffix in _SUFFIXES:
            return _SUFFIXES[suffix]
    if host in _LOCAL and port in _LOCAL_PORTS:
        return _LOCAL_PORTS[port]  # type: ignore[index]
    return UNKNOWN if default in _SPOKEN_BY_MANY and host and not _is_local(host) else default


def _is_local(host: str) -> bool:
    return host in _LOCAL or host.startswith("127.") or host.endswith(".localhost")


_DEPLOYMENT = re.compile(r"/(?:deployments|serving-endpoints|azure-openai/[^/?]+)/([^/?]+)")


@lru_cache(maxsize=1024)
def deployment_in(path: str) -> str | None:
    """Return the deployment in a path, for requests without a model in the body.

    >>> deployment_in("/openai/deployments/prod-chat/chat/completions"), deployment_in("/v1/chat/completions")
    ('prod-chat', None)
    """
    found = _DEPLOYMENT.search(path)
    return None if found is None else unquote(found[1]) or None
