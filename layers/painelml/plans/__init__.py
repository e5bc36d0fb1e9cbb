"""What each plan costs and allows, what a tenant has used of it, and the one door to use more."""
