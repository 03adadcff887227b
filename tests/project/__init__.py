"""Tests of the project itself: documentation, layers, language, budgets, tools."""
