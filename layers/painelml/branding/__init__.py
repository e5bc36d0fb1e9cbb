"""How a tenant looks: name, colours and logo, its own or its partner's."""
