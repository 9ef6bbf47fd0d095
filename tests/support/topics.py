"""Making topics for a test, whether they are there already or not."""

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError


def create_topics(bootstrap_servers: str, *names: str, partitions: int = 1, **config: str) -> None:
    """Create topics *names*, each with *partitions* and *config*; those there are left alone."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        for name in names:
            try:
                admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
            except TopicAlreadyExistsError:
                continue
    finally:
        admin.close()
