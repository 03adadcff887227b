"""The transparency harness: what an application could notice, noticed by machine, for every point of every provider.

``styles`` opens a payload as applications do, ``exits`` are the ways in which they leave what they opened, ``account``
writes down everything that they could see on the way, and ``running`` joins the three. The parts of the contract
(``tests/contract``) judge these accounts; ``matrix`` prints what came of it.
"""
