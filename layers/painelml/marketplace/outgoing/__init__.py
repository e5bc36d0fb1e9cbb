"""What sellers write to buyers: looked at, queued, and sent one after the other in each conversation."""
