"""Reading an article out of a page; `pipelines.extract` is the whole way, these are its parts."""
