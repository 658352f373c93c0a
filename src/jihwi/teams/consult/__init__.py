"""The consult team: three experts read side by side, disagree openly, and a person decides."""
