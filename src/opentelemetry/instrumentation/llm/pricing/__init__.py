"""Calculate costs of calls and check budgets, without OpenTelemetry, bus or SDKs.

``price`` turns a provider, a model and a ``Usage`` into a ``Cost``. ``Prices`` holds the prices in force.
``CostBudget`` adds up costs and reports when a limit is crossed. ``redis_budget`` shares a budget between processes.
"""

from .budget import CostBudget, Crossing
from .cost import Unpriced
from .prices import PriceFileError, Prices, price

__all__ = ["CostBudget", "Crossing", "PriceFileError", "Prices", "Unpriced", "price"]
