"""Tools that check and make what is published."""
