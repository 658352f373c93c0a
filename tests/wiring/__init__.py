"""The house as it is put together."""
