"""What the house makes of one page: text, dates, topic and identity, and the Scrapy stages that store it."""
