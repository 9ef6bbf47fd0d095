"""The commands of `listwire`, one module a group; they read, call a room, and print."""
