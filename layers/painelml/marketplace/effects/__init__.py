"""What happened to a resource, once for each of its versions: inbox and outbox."""
