"""Response caches on the client's side: hits, misses, what is put in and what leaves, with sizes; keys become digests.

``watched`` watches any mapping by hand; the others watch the caches of a framework as soon as it is imported. An answer
from such a cache is no inference: it has no tokens and no cost, and tells what it saved where that is known.
"""
