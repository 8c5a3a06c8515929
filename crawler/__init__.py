"""From an outlet's entry points to pages: spiders, discovery, middlewares."""
