"""What we and plugin authors test with: scripted minds, faults, builders and contracts. The house never imports it."""
