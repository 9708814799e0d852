"""Questions about one tenant or many, around `pulumi`: adopt, validate, preview, drift."""
