"""Claims of buyers, and the returns that come of them."""
