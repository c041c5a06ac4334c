"""A payment provider to try the shop with: a real HTTP service with hosted pages, where no money moves."""
