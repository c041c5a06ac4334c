"""How fast the shop is: ratios against named baselines, all measured in one run (`python -m bench`)."""
