"""A local stand-in server: fixed responses in the wire formats of providers.

It is not a model. The examples call it without a key and without a network, and the tests use it as the provider. Texts are fixed,
token counts are word counts, and ids count upwards. It needs only the standard library.

    with StandIn() as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none")

A client selects a *scenario* (an error, a broken stream, an unusual body ...) by a suffix of the model's name
(``gpt-4o-mini@error-429``) or by a prefix of the path (``{server.url}/scenario/slow:50+error-500/v1``);
``scenarios.SCENARIOS`` is the table of scenarios. ``formats.FORMATS`` is the table of wire formats.
"""

from .journal import Record
from .server import StandIn

__all__ = ["Record", "StandIn"]
