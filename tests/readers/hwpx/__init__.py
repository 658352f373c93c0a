"""The reader of HWPX."""
