"""What the service allows a connection: limits, the table of connections, refusals, framing."""
