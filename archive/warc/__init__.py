"""WARC 1.1 (ISO 28500:2017): every response as it came, in files that any web archive's tools can read.

The only room that knows WARC framing. `message` takes HTTP messages apart, `records` makes WARC records of them, `writer` puts
them on disk, `reader` gets them back.
"""
