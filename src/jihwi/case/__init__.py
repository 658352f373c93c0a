"""What a case is: its facts, its state folded from them, and what is due. Pure: no clock, chance, disk or network."""
