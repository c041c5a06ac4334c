"""What a laptop, the tests and the benchmarks need around the application; no part of the image."""
