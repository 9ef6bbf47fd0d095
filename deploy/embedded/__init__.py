"""Apache Kafka and Postgres as child processes, on free loopback ports, nothing installed."""
