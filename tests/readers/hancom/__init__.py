"""What the four Hancom readers share, and helpers that build documents for all of them."""
