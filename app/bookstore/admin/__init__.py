"""Commands that look after the whole shop; those of one feature are in its folder's cli.py."""
