"""Writes the example office's files from the texts beside it, one module a family of formats."""
