"""Say what calls cost and when it is too much: pure of OpenTelemetry, the bus and every SDK.

``price`` turns a provider, a model and a ``Usage`` into a ``Cost``; ``Prices`` holds the prices in force;
``CostBudget`` adds costs up and says when a limit is crossed. ``redis_budget`` keeps a budget across processes.
"""

from .budget import CostBudget, Crossing
from .cost import Unpriced
from .prices import PriceFileError, Prices, price

__all__ = ["CostBudget", "Crossing", "PriceFileError", "Prices", "Unpriced", "price"]
