"""The policy pack: the engine runs this folder (PulumiPolicy.yaml)."""
