"""`python -m jihwi` is the `jihwi` command."""

from jihwi.cli import main

main()
