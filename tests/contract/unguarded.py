"""List the few functions whose errors cannot be caught, each with the reason.

No other function may be listed here.
"""

from __future__ import annotations

from types import CodeType

from opentelemetry.instrumentation.llm import providers

_BETWEEN = "it is itself the frame between the application and the SDK"
_STANDS_FOR = "the SDK calls it in the place of OpenTelemetry's own, and it does nothing"
_KNOWS = "before it has run nobody knows whether this is a call that is watched"
_BEGINS = "it is the beginning of the call"
_SAYS = "it is what says the beginning of the call"

FRAMES: dict[str, str] = {
    "calls/wrap.py:CallWrapper.around": _BETWEEN,
    "calls/wrap.py:CallWrapper.around_async": _BETWEEN,
    "calls/wrap.py:CallWrapper.around_lazy": _BETWEEN,
    "calls/running.py:ActiveCall.__init__": "the frame between the application and the SDK makes it before anything else",
    "calls/result.py:_parsed.<locals>.parse": _BETWEEN,
    "calls/result.py:_parsed.<locals>.parse_async": _BETWEEN,
    "calls/streams/inner_iterator.py:Tap.__next__": _BETWEEN,
    "calls/streams/inner_iterator.py:Tap.__iter__": _BETWEEN,
    "calls/streams/inner_iterator.py:_steps": _BETWEEN,
    "calls/streams/inner_iterator.py:AsyncTap.__anext__": _BETWEEN,
    "calls/streams/inner_iterator.py:AsyncTap.__aiter__": _BETWEEN,
    "calls/streams/inner_iterator.py:_Passing.__getattr__": _BETWEEN,
    "calls/streams/inner_iterator.py:rewrapped.<locals>.wrap": _BETWEEN,
    "calls/streams/inner_iterator.py:relay_open": _BETWEEN,
    "calls/streams/inner_iterator.py:relay_async_open": _BETWEEN,
    "calls/streams/generator_function.py:_begin_and_relay": _BETWEEN,
    "calls/streams/generator_function.py:_begin_and_relay_async": _BETWEEN,
    "calls/streams/class_iterator.py:step.<locals>.around": _BETWEEN,
    "calls/streams/class_iterator.py:step.<locals>.around_async": _BETWEEN,
    "calls/streams/class_iterator.py:close.<locals>.around": _BETWEEN,
    "calls/streams/class_iterator.py:close.<locals>.around_async": _BETWEEN,
    "providers/litellm/late_price.py:price_stored.<locals>.around": _BETWEEN,
    "calls/streams/reiterable.py:iterated.<locals>.around": _BETWEEN,
    "calls/streams/response_close.py:_Close.__call__": _BETWEEN,
    "calls/streams/response_close.py:_AsyncClose.__call__": _BETWEEN,
    "calls/streams/body.py:_Content.read": _BETWEEN,
    "calls/streams/body.py:_File.read": _BETWEEN,
    "calls/streams/body.py:_File._self_call": _BETWEEN,
    "calls/streams/instance_methods.py:before.<locals>.run": _BETWEEN,
    "calls/streams/event_stream.py:_parsing.<locals>.parse": _BETWEEN,
    "calls/streams/event_stream.py:_parsing_async.<locals>.parse": _BETWEEN,
    "providers/_native.py:tracer_property.<locals>.wrap.<locals>.tracer": _BETWEEN,
    "calls/streams/update_queue.py:_taking.<locals>.get": _BETWEEN,
    "calls/streams/update_queue.py:_looking.<locals>.empty": _BETWEEN,
    "calls/streams/update_queue.py:_parsing.<locals>.parse": _BETWEEN,
    "providers/_native.py:enabled_and_tracer.<locals>.wrap.<locals>.tracer": _BETWEEN,
    "providers/voyageai.py:_naming.<locals>.around": _BETWEEN,
    "providers/_native.py:SilentTracer.start_as_current_span": _STANDS_FOR,
    "providers/_native.py:SilentTracer.__enter__": _STANDS_FOR,
    "providers/_native.py:SilentTracer.__exit__": _STANDS_FOR,
    "providers/_native.py:SilentTracer.set_attribute": _STANDS_FOR,
    "transports/grpc.py:_streaming": _BETWEEN,
    "transports/grpc.py:_unary_made": _BETWEEN,
    "transports/grpc.py:_stream_made": _BETWEEN,
    "observation.py:driver.<locals>.around": _BETWEEN,
    "observation.py:driver.<locals>.around_async": _BETWEEN,
    "calls/loading.py:_LoadedAgain.find_spec": "the import system calls it itself; it asks one set and runs the rest guarded",
    "context.py:leave": "nothing else takes back what it takes back",
}
"""An error here reaches the application."""

LOSES_THE_SPAN: dict[str, str] = {
    "calls/wrap.py:CallWrapper.begin": _KNOWS,
    "calls/declaration.py:Routes._find": _KNOWS,
    "calls/declaration.py:_endings": _KNOWS,
    "calls/call.py:Call.__init__": _BEGINS,
    "calls/running.py:ActiveCall.enter": _BEGINS,
    "context.py:enter_call": "a call that cannot be entered could not be left either",
    "calls/call.py:Call.start": _BEGINS,
    "calls/call.py:Call._emit": _SAYS,
    "bus.py:execute": _SAYS,
    "bus.py:_run": _SAYS,
    "bus.py:_RoutingTable.route": _SAYS,
    "bus.py:_RoutingTable.route.<locals>.<listcomp>": _SAYS,
    "bus.py:Attached.matches": _SAYS,
    "calls/streams/generator_function.py:wrap_generator": _BEGINS,
    "calls/streams/generator_function.py:wrap_async_generator": _BEGINS,
    "calls/streams/generator_function.py:_Start.__init__": _BEGINS,
    "calls/streams/generator_function.py:_Start.begin": _BEGINS,
    "calls/wrap.py:CallWrapper.around_lazy.<locals>.<lambda>": _BEGINS,
    "context.py:current": _BEGINS,
    "context.py:enter": _BEGINS,
    "context.py:here": _BEGINS,
    "handlers/spans.py:Spans.handle": _BEGINS,
    "handlers/spans.py:Spans._start": _BEGINS,
    "handlers/spans.py:OpenSpan.__init__": _BEGINS,
}
"""An error here, before the span starts, loses it. A started span still ends."""

READERS: frozenset[CodeType] = frozenset(p.read.__code__ for p in providers.ALL if any(point.route for point in p.points))  # type: ignore[attr-defined]
"""Functions that select the operation. An error here loses the span too."""

TELLS_IT_TWICE: dict[str, str] = {
    "calls/call.py:Call.includes": "it is what says that one call is a part of another",
    "context.py:look": "it is what says that one call is a part of another",
    "context.py:running_call": "it is what says that one call is a part of another",
    "calls/nesting.py:covering": "it is what says that one call is a part of another",
    "calls/nesting.py:_serves": "it is what says that one call is a part of another",
    "calls/nesting.py:_caller": "it is what says that one call is a part of another",
}
"""An error here records a part of a call as a separate call."""

ASKS_LATER: dict[str, str] = {
    "litellm-text_completion-stream": "its request goes out with the first step: if the call was given up before, that of the SDK below tells it",
}
"""SampleCalls whose part is a separate call if their stream is not observed."""

LEAVES_IT_OPEN: dict[str, str] = {
    "handlers/spans.py:Spans.handle": "there is no second one who hears that a call is over",
    "calls/call.py:Call._say_last": "where it never works, nothing says that a call is over",
}
"""An error here leaves a started span open."""
