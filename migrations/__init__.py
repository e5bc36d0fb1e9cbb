"""The schema, SQL first: each version runs the file of its name in sql/, as the role `owner`."""
