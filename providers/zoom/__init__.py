"""Dynamic providers on Zoom's account API, and on what only its portal has."""
