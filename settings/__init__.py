"""Scrapy settings: `base`, and what differs from it."""
