"""Who works on a passage of a report when a person asks for it, in a case of any team."""
