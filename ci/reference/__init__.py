"""The reference pages that say what the code says: `python -m ci.reference [--check]`."""
