"""Serve canned answers in providers' wire formats on the loopback interface: a stand-in, not a model.

The examples run against it without a key and without a network, and the test-suite uses it as its provider.
Nothing here thinks: texts are fixed, figures are counts of words, ids count upwards. It needs the standard library only.

    with StandIn() as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none")

A client picks a *scenario* (an error, a broken stream, an odd body ...) by a suffix of the model's name
(``gpt-4o-mini@error-429``) or by a prefix of the path (``{server.url}/scenario/slow:50+error-500/v1``);
``scenarios.SCENARIOS`` is the table of them. ``formats.FORMATS`` is the table of wire formats.
"""

from .journal import Record
from .server import StandIn

__all__ = ["Record", "StandIn"]
