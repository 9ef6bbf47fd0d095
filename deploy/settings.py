"""A process's own addresses and secrets, from flags, environment and files: `Deployment`.

The one module that reads the environment (`operations.md` 9). Precedence: flag, environment
(`LISTWIRE_…`, nested `__`), `--config FILE`, `$XDG_CONFIG_HOME/listwire/config.toml`,
`./listwire.toml`, the running embedded stack, default. Nothing is read on import.
"""

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from deploy.errors import Failure

PREFIX = "LISTWIRE_"
CONTROL = {"CONTEXT", "CONFIG", "DATA"}
"""Variables that choose where settings come from, and are no settings themselves."""


class Group(BaseModel):
    """A part of the deployment: frozen, closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kafka(Group):
    """Where the broker is; how many copies new topics get."""

    bootstrap_servers: str = ""
    replication: int = 1


class Postgres(Group):
    """Where the database is; its URL holds the password."""

    url: SecretStr = SecretStr("")


class Amazon(Group):
    """Amazon's addresses per region, and the application's identity there."""

    na: str = "https://sellingpartnerapi-na.amazon.com"
    eu: str = "https://sellingpartnerapi-eu.amazon.com"
    fe: str = "https://sellingpartnerapi-fe.amazon.com"
    login: str = "https://api.amazon.com/auth/o2/token"
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    document_hosts: str = ".amazonaws.com .cloudfront.net"
    quota_factor: float = 1.0
    read_only: bool = False


class Commerce(Group):
    """The shop's REST interface, how we log in there, and how often it is read.

    Either *token* (a bearer), or the four keys of an integration, which sign each request.
    *shop* is its name in events; *every*, *full_every* and *overlap* are seconds.
    """

    shop: str = "shop"
    address: str = ""
    token: SecretStr = SecretStr("")
    consumer_key: str = ""
    consumer_secret: SecretStr = SecretStr("")
    access_token: SecretStr = SecretStr("")
    access_secret: SecretStr = SecretStr("")
    per_second: float = 10.0
    page_size: int = 100
    every: float = 60.0
    full_every: float = 86_400.0
    overlap: float = 120.0


class Sender(Group):
    """One source that the webhook knows: what it sends, and how it proves who it is.

    *secret* is a reference, `env:NAME` or `file:PATH` (several, apart by commas, while one is
    being replaced), or the secret itself, given by the environment or `…_SECRET_FILE`.
    """

    kind: Literal["events", "adobe"] = "events"
    auth: Literal["bearer", "hmac"] = "bearer"
    secret: SecretStr = SecretStr("")


class Webhook(Group):
    """Where the webhook listens, where it is watched, and from whom it takes events."""

    host: str = "127.0.0.1"
    port: int = 8470
    watch_host: str = "127.0.0.1"
    watch_port: int = 8471
    sources: dict[str, Sender] = {}


OPEN = {"webhook.sources": Sender}
"""Parts whose members are named by the deployment itself, and what each of them is."""


class Notifications(Group):
    """Where Amazon's notifications arrive, and who may send them.

    *queue*: the URL of an SQS queue (credentials are found as boto3 does), or *stand_in*, that
    of a queue of the stand-in's control port; without either nothing is listened to. *region*
    only where the queue's URL does not tell it; *endpoint*: another address than Amazon's own.
    *application*: the application id that notifications must carry ("": any). *hidden*: seconds
    for which what one worker took is hidden from others; after a crash it comes again then.
    """

    queue: str = ""
    stand_in: str = ""
    region: str = ""
    endpoint: str = ""
    application: str = ""
    hidden: int = 120


class Archive(Group):
    """Where documents of Amazon's are kept: an S3 bucket, else a folder ("": in the data's).

    *endpoint* is another address than Amazon's own; credentials are found as boto3 does.
    """

    bucket: str = ""
    prefix: str = "reports/"
    endpoint: str = ""
    region: str = ""
    folder: str = ""


class Deployment(Group):
    """Everything one process is told about the world it runs in."""

    environment: Literal["local", "test", "production"] = "local"
    kafka: Kafka = Kafka()
    postgres: Postgres = Postgres()
    amazon: Amazon = Amazon()
    commerce: Commerce = Commerce()
    webhook: Webhook = Webhook()
    archive: Archive = Archive()
    notifications: Notifications = Notifications()
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def require(self, *paths: str) -> None:
        """Raise a `Failure` (LW-0101) that names every one of *paths* that is not set."""
        missing = [p for p in paths if not _plain(self, p)]
        if missing:
            raise Failure(
                code="LW-0101",
                what="not set: " + ", ".join(_variable(p) for p in missing),
                where="the deployment",
                why="no flag, variable or file gives it, and no embedded stack is running here",
                do="set it, or start `listwire up` in another terminal",
            )


class Origin(Group):
    """One value in force, and where it came from."""

    name: str
    value: str
    source: str


def data_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder in which `up` keeps its data unless told otherwise."""
    return Path(environ.get("LISTWIRE_DATA", ".listwire")).resolve()


def load(
    environ: Mapping[str, str],
    *,
    flags: Mapping[str, str] | None = None,
    config: Path | None = None,
    here: Path = Path(),
) -> tuple[Deployment, list[Origin]]:
    """Give the deployment and the origin of each value.

    Raises `Failure`: LW-0102 unknown name, LW-0103 wrong value, LW-0104 a secret file that
    everybody may read, LW-0105 a file that cannot be read.
    """
    layers = [
        *_files(environ, config, here),
        ("variable", _from_environment(environ)),
        ("flag", dict(flags or {})),
    ]
    values: dict[str, tuple[str, str]] = {}
    for source, layer in layers:
        values |= {name: (value, source) for name, value in layer.items()}
    _known(values)
    try:
        deployment = Deployment.model_validate(_nested({n: v for n, (v, _) in values.items()}))
    except ValidationError as error:
        raise _wrong(error, values) from None
    return deployment, _origins(deployment, values)


def _files(
    environ: Mapping[str, str], config: Path | None, here: Path
) -> list[tuple[str, dict[str, str]]]:
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    chosen = config or (Path(environ["LISTWIRE_CONFIG"]) if "LISTWIRE_CONFIG" in environ else None)
    paths = [
        data_folder(environ) / "running.toml",
        here / "listwire.toml",
        home / "listwire" / "config.toml",
    ]
    found = [p for p in paths if p.exists()] + ([chosen] if chosen else [])
    context = environ.get("LISTWIRE_CONTEXT")
    return [(f"file {path}", _from_file(path, context)) for path in found]


def _from_file(path: Path, context: str | None) -> dict[str, str]:
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Failure(
            code="LW-0105",
            what="configuration cannot be read",
            where=str(path),
            why=str(error),
            do="mend the file, or name another with --config",
        ) from error
    contexts = document.pop("context", {})
    return _flat(document) | _flat(contexts.get(context, {}) if context else {})


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    ours = {k.removeprefix(PREFIX): v for k, v in environ.items() if k.startswith(PREFIX)}
    values: dict[str, str] = {}
    for name, value in ours.items():
        if name in CONTROL:
            continue
        path = name.lower().replace("__", ".")
        if path.endswith("_file") and path not in _names():
            values[path.removesuffix("_file")] = secret_in(Path(value))
        else:
            values[path] = value
    return values


def secret_in(path: Path) -> str:
    """Give the secret that *path* holds. Raises `Failure` (LW-0104, LW-0105)."""
    try:
        mode = path.stat().st_mode
        text = path.read_text().strip()
    except OSError as error:
        raise Failure(
            code="LW-0105",
            what="secret cannot be read",
            where=str(path),
            why=str(error),
            do="name a file that exists",
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Failure(
            code="LW-0104",
            what="secret refused",
            where=str(path),
            why=f"others may read it (mode {stat.S_IMODE(mode):o})",
            do=f"chmod 600 {path}",
        )
    return text


def _names() -> dict[str, Any]:
    return _flat(Deployment().model_dump())


def _known(values: Mapping[str, tuple[str, str]]) -> None:
    names = _names()
    for name, (_, source) in values.items():
        if name not in names and not _open(name):
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            raise Failure(
                code="LW-0102",
                what=f"unknown setting {name}",
                where=f"{source} {_variable(name)}",
                why="no part of the deployment has this name",
                do=f"did you mean {_variable(near[0])}?" if near else "take it out",
            )


def _open(name: str) -> bool:
    group, _, member = name.rpartition(".")
    part, _, id_ = group.rpartition(".")
    return part in OPEN and bool(id_) and member in OPEN[part].model_fields


def _wrong(error: ValidationError, values: Mapping[str, tuple[str, str]]) -> Failure:
    first = error.errors(include_input=False, include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return Failure(
        code="LW-0103",
        what=f"wrong value for {_variable(name)}",
        where=values.get(name, ("", "the deployment"))[1],
        why=first["msg"],
        do="correct it",
    )


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else str(value)
    return flat


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, member = name.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[member] = value
    return tree


def _origins(deployment: Deployment, values: Mapping[str, tuple[str, str]]) -> list[Origin]:
    shown = _flat(deployment.model_dump())
    return [
        Origin(name=name, value=value, source=values.get(name, ("", "default"))[1])
        for name, value in shown.items()
    ]


def _plain(deployment: Deployment, path: str) -> str:
    value: Any = deployment
    for part in path.split("."):
        value = getattr(value, part)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _variable(path: str) -> str:
    return PREFIX + path.replace(".", "__").upper()


def process_environment() -> Mapping[str, str]:
    """Give this process's environment; nobody else reads it."""
    return os.environ
