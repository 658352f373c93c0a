"""Measurements that print figures; `make bench-NAME` runs one."""
