"""Reading foreign files behind a wall: a process without environment, handles or network."""
