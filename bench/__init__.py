"""Repeatable measurements that print tables. None of them is a test."""
