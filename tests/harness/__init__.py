"""Compare applications with and without instrumentation, for every patch point.

``styles`` makes a call as applications do, ``exits`` are the ways in which an application leaves a stream or response,
``account`` records everything that the application can observe, and ``running`` joins the three. The contract tests
(``tests/contract``) check these accounts; ``matrix`` prints the results.
"""
