"""The handlers of the API: each takes a checked ``Call``, asks the domain, and answers with a model."""
