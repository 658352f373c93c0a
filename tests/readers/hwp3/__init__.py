"""The reader of HWP 3."""
