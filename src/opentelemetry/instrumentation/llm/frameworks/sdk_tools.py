"""Tools that a model SDK runs itself, between its model calls.

google-genai calls the functions of an application (automatic function calling); anthropic and openai have tool runners.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..schema.records import Content
from ..steps.contents import plain
from ..steps.tables import Facts, Framework, Result, Step

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


def _named(args: Args, kwargs: Kwargs, at: int, name: str) -> Any:
    return args[at] if len(args) > at else kwargs[name]


def _function(instance: Any, args: Args, kwargs: Kwargs) -> Facts:
    function = _named(args, kwargs, 1, "function_to_invoke")
    return Facts(function.__name__, key=object(), describe=_cause)


def _cause(error: BaseException) -> dict[str, Any]:
    """Return the type of the function's own exception, which google-genai wraps."""
    cause = error.__context__
    return {} if cause is None else {"error_type": type(cause).__qualname__}


def _function_content(instance: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_named(args, kwargs, 0, "args")))


def _tool_use(runner: Any, args: Args, kwargs: Kwargs) -> Facts:
    tool, use = _named(args, kwargs, 0, "tool"), _named(args, kwargs, 1, "tool_use")
    # Releases with spans of their own make one around this function.
    native = hasattr(runner, "_tool_use_span")
    return Facts(use.name, description=getattr(tool, "description", None), call_id=use.id, key=_tool, replaces_native=native)


def _tool_use_content(runner: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_named(args, kwargs, 1, "tool_use").input))


def _tool_use_result(result: Any) -> Result:
    return Result(error_type="tool_error" if result.get("is_error") else None)


def _tool_use_output(result: Any) -> Content:
    return Content(tool_result=plain(result.get("content")))


def _tool(tool: Any, args: Args, kwargs: Kwargs) -> Facts:
    return Facts(tool.name, description=getattr(tool, "description", None), key=_tool)


def _tool_content(tool: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=plain(_named(args, kwargs, 0, "input")))


def _registered(runner: Any, args: Args, kwargs: Kwargs) -> Facts:
    call = _named(args, kwargs, 1, "item")
    return Facts(call.name, call_id=call.call_id, key=object())


def _registered_content(runner: Any, args: Args, kwargs: Kwargs) -> Content:
    return Content(tool_arguments=_named(args, kwargs, 1, "item").arguments)


def _output(result: Any) -> Content:
    return Content(tool_result=plain(result.get("output") if isinstance(result, Mapping) else result))


GOOGLE_GENAI = Framework(
    "google_genai",
    "google-genai >= 1.0",
    tuple(
        Step(f"google.genai._extra_utils:{name}", "execute_tool", _function, None, _function_content, _output)
        for name in ("invoke_function_from_dict_args", "invoke_function_from_dict_args_async")
    ),
)
ANTHROPIC = Framework(
    "anthropic",
    "anthropic >= 0.68",
    (
        *(
            Step(
                f"anthropic.lib.tools._beta_runner:{kind}._run_tool", "execute_tool",
                _tool_use, _tool_use_result, _tool_use_content, _tool_use_output, optional=True,
            )
            for kind in ("BaseSyncToolRunner", "BaseAsyncToolRunner")
        ),
        *(
            Step(f"anthropic.lib.tools._beta_functions:{kind}.call", "execute_tool", _tool, None, _tool_content, _output, optional=True)
            for kind in ("BetaFunctionTool", "BetaAsyncFunctionTool")
        ),
    ),
)  # fmt: skip
OPENAI = Framework(
    "openai",
    "openai >= 1.26",
    tuple(
        Step(
            f"openai.lib.responses_tool_runner:{kind}._execute_function", "execute_tool",
            _registered, None, _registered_content, _output, optional=True,
        )
        for kind in ("ResponsesToolRunner", "AsyncResponsesToolRunner")
    ),
)  # fmt: skip
