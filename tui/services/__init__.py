"""What runs without a screen: configuration, journals, pollers, followers, transfers, submission."""
