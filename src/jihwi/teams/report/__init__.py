"""The report team: from a request to a released, cited report, with or without a model."""
