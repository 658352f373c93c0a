"""The reader of HWP 5."""
