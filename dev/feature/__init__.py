"""A new feature's folder, from the template beside this file: `python -m dev.feature gift_cards`."""
