"""Tests of the documents: what they show is true, and the site that is made of them."""
