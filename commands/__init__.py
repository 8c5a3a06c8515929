"""`scrapy crawl|sources|visit|why|articles|…`: the roof, which may use every room."""
