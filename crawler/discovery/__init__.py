"""Reading what outlets say they published: feeds, sitemaps, listings. Bytes in, links out; no Scrapy."""
