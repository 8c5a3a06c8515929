"""The pages: each a function that reads the archive and fills a template."""
