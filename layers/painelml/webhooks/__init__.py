"""What others tell us: Mercado Livre's notifications, and our payment provider's events. Hints only; the API is the truth."""
