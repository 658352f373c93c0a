"""Jihwi: durable, supervised, cited work by agents over an organisation's own files."""
