"""Instrument replicate: predictions, when they are created and fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.declaration import PatchPoint, Sdk
from ..dialects import Arguments
from ..dialects.replicate import fetched, prediction
from ._generated import identify_as

_NAMES: Mapping[str, tuple[str, ...]] = {
    "Predictions": ("version", "input"),
    "ModelsPredictions": ("model", "input"),
    "DeploymentsPredictions": ("deployment", "input"),
    "DeploymentPredictions": ("input",),
}
_MODULES = {"Predictions": "prediction", "ModelsPredictions": "model"}


def read(instance: Any, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Arguments:
    """Read the arguments, those of one deployment over its name, and the address."""
    names = ("id",) if len(args) == 1 and isinstance(args[0], str) and not kwargs else _NAMES.get(type(instance).__name__, ())
    address = getattr(instance._client, "_base_url", None) or "https://api.replicate.com"
    named = {"deployment": getattr(instance, "_deployment", None), **dict(zip(names, args, strict=False)), **kwargs}
    return Arguments(named, path=str(address))


REPLICATE = Sdk(
    name="replicate",
    requires="replicate >= 0.25",
    points=(
        *(
            PatchPoint(f"replicate.{_MODULES.get(kind, 'deployment')}:{kind}.{mode}create", "generate_content", prediction)
            for kind in _NAMES
            for mode in ("", "async_")
        ),
        *(PatchPoint(f"replicate.prediction:Predictions.{mode}get", "fetch_response", fetched) for mode in ("", "async_")),
    ),
    read=read,
    identify=identify_as("replicate"),
)
