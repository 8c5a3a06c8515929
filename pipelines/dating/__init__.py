"""Reading dates; `pipelines.dates` is the whole way, these are its parts."""
