"""Questions of buyers before the sale, and the answers to them."""
