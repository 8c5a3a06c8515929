"""Outlets as data: the model, the registry, canonical URLs. Pure; imports nothing of ours."""
