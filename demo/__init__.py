"""`make demo`: one tenant through its life, on the real engine and emulated services."""
