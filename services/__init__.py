"""The HTTP clients of Entra and Zoom: retries, errors and redaction live here, once."""
