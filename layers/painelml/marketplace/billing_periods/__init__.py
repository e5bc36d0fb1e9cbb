"""What Mercado Livre charges a seller, period by period. Not to be taken for painelml.billing, our own subscriptions."""
