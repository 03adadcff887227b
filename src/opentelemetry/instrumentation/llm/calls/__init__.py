"""Observe one model call, in the same way for every SDK.

``wrap`` begins a call around the SDK's function, ``result`` handles the returned object, ``streams`` observes a stream,
``call`` emits the events, and ``patches`` applies the patches and removes them.
"""
