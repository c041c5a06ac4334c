"""What the chart's Jobs do beside the shop's own commands, so that they need no other image."""
