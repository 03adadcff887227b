"""Modules and data that a frozen application with this package needs."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules, copy_metadata

_NAME = "opentelemetry.instrumentation.llm"

hiddenimports = collect_submodules(_NAME, filter=lambda name: not name.startswith(f"{_NAME}.pyinstaller"))
datas = collect_data_files(_NAME) + copy_metadata("opentelemetry-instrumentation-llm")
