"""Observe response caches in the client: hits, misses, puts and evictions.

``mapping`` observes any mapping on request; the other modules observe the caches of a framework when it is imported.
Keys become digests. A response from such a cache is not an inference: it has no tokens and no cost, and records the
saved amount where it is known.
"""
