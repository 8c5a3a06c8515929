"""A small press of invented outlets, served on loopback: content of the demo and truth of the end-to-end tests."""
