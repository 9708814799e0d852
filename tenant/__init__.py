"""What one tenant declares, and what that asks of Entra and of Zoom: pure, no I/O."""
