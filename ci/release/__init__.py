"""One number for package, image and chart, and what a release says of itself."""
