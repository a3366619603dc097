from __future__ import annotations

import re
from pathlib import Path

import pytest

import api
from api.limit_settings import Limits
from api.settings import FILES, VARIABLES, Settings, SettingsError, load_settings, warnings
from api.settings_reference import settings_reference

KMS = {
    "CONTRACT_GRAPH_KMS_KEY": "alias/graph",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "hunter1",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
    "AWS_SESSION_TOKEN": "hunter3",
    "AWS_ENDPOINT_URL_KMS": "https://kms.example",
}
SECRET = "postgresql://me:hunter2@db.example/graph"


def test_an_empty_environment_is_a_whole_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    settings = load_settings({"XDG_DATA_HOME": str(tmp_path)})
    assert settings == Settings(home=tmp_path / "contract-graph")
    assert (settings.host, settings.port, settings.issuer) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert settings.database_url is None
    assert settings.keys == tmp_path / "contract-graph" / "keys"


@pytest.mark.parametrize(
    ("user", "environment", "home"),
    [
        (0, {"XDG_DATA_HOME": "/data"}, "/var/lib/contract-graph"),
        (1000, {"XDG_DATA_HOME": "/data"}, "/data/contract-graph"),
        (1000, {}, "/home/ada/.local/share/contract-graph"),
        (0, {"CONTRACT_GRAPH_HOME": "/elsewhere"}, "/elsewhere"),
        (1000, {"CONTRACT_GRAPH_HOME": "/elsewhere", "XDG_DATA_HOME": "/data"}, "/elsewhere"),
        (1000, {"CONTRACT_GRAPH_HOME": ""}, "/home/ada/.local/share/contract-graph"),
    ],
)
def test_data_lie_where_the_user_may_write(
    monkeypatch: pytest.MonkeyPatch, user: int, environment: dict[str, str], home: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setenv("HOME", "/home/ada")
    assert load_settings(environment).home == Path(home)


def test_every_setting_is_read_from_its_variable() -> None:
    given = {
        "CONTRACT_GRAPH_HOME": "/data",
        "CONTRACT_GRAPH_PG_BINDIR": "/pg/bin",
        "DATABASE_URL": "postgresql://rw@db/g",
        "DATABASE_OWNER_URL": "postgresql://owner@db/g",
        "CONTRACT_GRAPH_REPLICA_URLS": "postgresql://rw@one/g\npostgres://rw@two/g",
        "CONTRACT_GRAPH_REPLICA_LAG": "5",
        "CONTRACT_GRAPH_HOST": "192.0.2.1",
        "CONTRACT_GRAPH_PORT": "9000",
        "CONTRACT_GRAPH_POOL_SIZE": "20",
        "CONTRACT_GRAPH_ISSUER": "https://id.example",
        "CONTRACT_GRAPH_AUDIENCE": "api",
        "CONTRACT_GRAPH_AUDIT_KEY": "/elsewhere/seal.key",
        "CONTRACT_GRAPH_TOKEN_RATE": "120",
        "CONTRACT_GRAPH_TOKEN_FAILURES": "5",
        "CONTRACT_GRAPH_WORKER": "true",
        "CONTRACT_GRAPH_HOOK_NETWORKS": "10.1.0.0/16, fd00::/8",
        "CONTRACT_GRAPH_METRICS_TOKEN": "hunter5 and twelve more",
        "CONTRACT_GRAPH_METRICS_PORT": "9464",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
        "CONTRACT_GRAPH_LOG_FORMAT": "json",
        "CONTRACT_GRAPH_LOG_LEVEL": "info",
        "CONTRACT_GRAPH_HOSTS": "Graph.example, [::1]",
        "CONTRACT_GRAPH_ORIGINS": "https://portal.example",
        **KMS,
    }
    expected = Settings(
        home=Path("/data"),
        pg_bindir=Path("/pg/bin"),
        database_url="postgresql://rw@db/g",
        owner_url="postgresql://owner@db/g",
        replica_urls="postgresql://rw@one/g\npostgres://rw@two/g",
        replica_lag=5,
        host="192.0.2.1",
        port=9000,
        pool_size=20,
        issuer="https://id.example",
        kms_key="alias/graph",
        aws_region="eu-central-1",
        aws_access_key_id="hunter1",
        aws_secret_access_key="hunter2",
        aws_session_token="hunter3",
        kms_endpoint="https://kms.example",
        token_rate=120,
        token_failures=5,
        embedded_worker=True,
        hook_networks="10.1.0.0/16, fd00::/8",
        hosts=("graph.example", "[::1]"),
        origins=("https://portal.example",),
        audience="api",
        audit_key_file=Path("/elsewhere/seal.key"),
        metrics_token="hunter5 and twelve more",
        metrics_port=9464,
        trace_endpoint="http://127.0.0.1:4318",
        log_format="json",
        log_level="info",
    )
    assert expected.audit_key == Path("/elsewhere/seal.key")
    assert Settings(home=Path("/data")).audit_key == Path("/data/audit/seal.key")
    assert load_settings(given) == expected
    assert expected.replicas == ("postgresql://rw@one/g", "postgres://rw@two/g")
    assert Settings(home=Path("/data")).replicas == ()
    other_key = {"CONTRACT_GRAPH_KEY_ENCRYPTION_KEY": "hunter4"}  # which cannot be set beside a key of KMS
    assert load_settings(other_key).key_encryption_key == "hunter4"
    variables = {field.metadata.get("variable") for field in Settings.__dataclass_fields__.values()}
    assert variables - {None} == {*given, *other_key}


def test_every_limit_that_may_be_set_is_read_from_its_variable() -> None:
    fields = Limits.__dataclass_fields__.items()
    given = {each.metadata["variable"]: str(100 + place) for place, (_, each) in enumerate(fields)}
    expected = Limits(**{name: 100 + place for place, (name, _) in enumerate(fields)})
    assert load_settings(given).limits == expected
    assert load_settings({}).limits == Limits()
    for variable in given:
        for value in ("0", "-1", "1e3", "99999999999999999999"):
            with pytest.raises(SettingsError, match=variable):
                load_settings({variable: value})


@pytest.mark.parametrize(
    "urls",
    ["db.example", "postgresql://", "postgresql://a/g,postgresql://b/g", f"{SECRET} postgresql://a,b/g"],
)
def test_each_replica_is_one_server_and_what_is_wrong_is_said_without_it(urls: str) -> None:
    with pytest.raises(SettingsError, match="CONTRACT_GRAPH_REPLICA_URLS must be URLs") as refused:
        load_settings({"CONTRACT_GRAPH_REPLICA_URLS": urls})
    assert "example" not in str(refused.value)
    assert "example" not in repr(load_settings({"CONTRACT_GRAPH_REPLICA_URLS": SECRET}))


def test_one_key_encrypts_the_others_and_a_second_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(KMS | {"CONTRACT_GRAPH_KEY_ENCRYPTION_KEY": "hunter4"})
    assert str(refused.value) == (
        "CONTRACT_GRAPH_KMS_KEY and CONTRACT_GRAPH_KEY_ENCRYPTION_KEY are both set: "
        "one key encrypts the others, so unset one of the two"
    )


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_key_of_kms_needs_who_asks_and_where(variable: str) -> None:
    with pytest.raises(
        SettingsError, match=f"^CONTRACT_GRAPH_KMS_KEY is set, so {variable} must be set too$"
    ):
        load_settings(KMS | {variable: ""})


@pytest.mark.parametrize("value", ["http://kms.example", "kms.example", "https://", "ftp://127.0.0.1"])
def test_an_address_of_kms_that_could_leak_keys_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL_KMS must be https"):
        load_settings(KMS | {"AWS_ENDPOINT_URL_KMS": value})
    assert load_settings(KMS | {"AWS_ENDPOINT_URL_KMS": "http://127.0.0.1:5000"}).kms_endpoint is not None


@pytest.mark.parametrize("value", ["evil.example/", "eu central", "EU-CENTRAL-1", "eu-central-1\n"])
def test_a_region_is_a_name_and_nothing_of_an_address(value: str) -> None:
    with pytest.raises(SettingsError, match="AWS_REGION must be the name of a region"):
        load_settings(KMS | {"AWS_REGION": value})


def test_what_others_set_for_aws_is_not_looked_at_without_a_key_of_kms() -> None:
    assert load_settings({"AWS_REGION": "no region", "AWS_ENDPOINT_URL_KMS": "http://x"}).kms_key is None


def test_the_issuer_follows_the_port_unless_it_is_given() -> None:
    assert load_settings({"CONTRACT_GRAPH_PORT": "9001"}).issuer == "http://127.0.0.1:9001"
    both = {"CONTRACT_GRAPH_PORT": "9001", "CONTRACT_GRAPH_ISSUER": "https://id.example"}
    assert load_settings(both).issuer == "https://id.example"


@pytest.mark.parametrize("value", ["-1", "65536", "80.0", "eighty", "8000 ", "٨٠٠٠", "0x50"])
def test_a_port_that_is_none_is_refused_by_the_name_of_its_variable(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"CONTRACT_GRAPH_PORT": value})
    assert str(refused.value).startswith("CONTRACT_GRAPH_PORT must be a whole number from 0 to 65535, not '")


@pytest.mark.parametrize(
    "value", ["http://id.example", "id.example", "https://id.example/", "https://", "ftp://x"]
)
def test_an_issuer_that_could_leak_tokens_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="CONTRACT_GRAPH_ISSUER must be https"):
        load_settings({"CONTRACT_GRAPH_ISSUER": value})


@pytest.mark.parametrize("value", ["0", "101", "many"])
def test_a_pool_has_from_one_to_a_hundred_connections(value: str) -> None:
    with pytest.raises(SettingsError, match="CONTRACT_GRAPH_POOL_SIZE must be a whole number from 1 to 100"):
        load_settings({"CONTRACT_GRAPH_POOL_SIZE": value})


@pytest.mark.parametrize("value", ["0", "65535"])
def test_the_bounds_of_a_port_are_ports(value: str) -> None:
    assert load_settings({"CONTRACT_GRAPH_PORT": value}).port == int(value)


def test_passwords_are_not_shown_by_repr() -> None:
    settings = load_settings({"DATABASE_URL": SECRET, "DATABASE_OWNER_URL": SECRET, **KMS})
    assert "hunter" not in f"{settings!r} {settings}"
    assert settings.database_url == SECRET


def test_nothing_else_reads_the_environment() -> None:
    root = Path(api.__file__).parents[1]
    readers = {
        str(path.relative_to(root))
        for floor in ("api", "auth", "domain", "storage", "sync")
        for path in (root / floor).rglob("*.py")
        if re.search(r"os\.environ|getenv", path.read_text(encoding="utf-8"))
    }
    assert readers == {"api/settings.py"}


@pytest.mark.parametrize("variable", sorted(FILES))
def test_a_secret_may_lie_in_a_file(variable: str, tmp_path: Path) -> None:
    secret = "postgresql://a-hunter-has/2-secrets"  # what every one of them takes
    (tmp_path / "secret").write_text(f"{secret}\n")
    # A key of KMS is only read whole: without its name nobody looks at the others.
    beside = {"DATABASE_URL": "postgresql://rw"} if variable == "DATABASE_OWNER_URL" else {}
    given = load_settings(beside | {variable + "_FILE": str(tmp_path / "secret")})
    assert getattr(given, VARIABLES[variable].name) == secret
    assert secret not in repr(given)


@pytest.mark.parametrize(
    ("holds", "why"),
    [
        (None, "which cannot be read: No such file or directory"),
        (b"", "which is empty"),
        (b"\n", "which is empty"),
        (b"hunter2\xff", "which is no file of text"),
        (b"hunter2" * 10_000, "which is larger than 65536 bytes"),
    ],
)
def test_a_file_of_a_secret_that_cannot_be_one_is_named_and_not_told(
    holds: bytes | None, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if holds is not None:
        path.write_bytes(holds)
    with pytest.raises(SettingsError) as refused:
        load_settings({"DATABASE_URL_FILE": str(path)})
    assert str(refused.value) == f"DATABASE_URL_FILE names {path}, {why}"


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL and DATABASE_URL_FILE are both set: unset one"):
        load_settings({"DATABASE_URL": SECRET, "DATABASE_URL_FILE": str(tmp_path)})


def test_what_is_no_secret_is_not_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9001")
    given = {"CONTRACT_GRAPH_PORT_FILE": str(tmp_path / "port")}
    assert load_settings(given).port == 8000
    assert list(warnings(given)) == [
        "CONTRACT_GRAPH_PORT_FILE is no setting and is not read: is CONTRACT_GRAPH_PORT meant?"
    ]


def test_a_variable_that_nobody_reads_is_told_of_with_the_one_that_may_be_meant() -> None:
    given = {
        "CONTRACT_GRAPH_POOLSIZE": "hunter2",
        "CONTRACT_GRAPH_QQ": "1",
        "CONTRACT_GRAPH_PORT": "1",
        "CONTRACT_GRAPH_KEY_ENCRYPTION_KEY_FILE": "/run/key",
        "CONTRACT_GRAPH_URL": "of the examples",
        "PATH": "/bin",
    }
    assert list(warnings(given)) == [
        "CONTRACT_GRAPH_POOLSIZE is no setting and is not read: is CONTRACT_GRAPH_POOL_SIZE meant?",
        "CONTRACT_GRAPH_QQ is no setting and is not read",
    ]


@pytest.mark.parametrize("value", ["JSON", "xml", "text "])
def test_a_form_of_logs_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(
        SettingsError, match=f"^CONTRACT_GRAPH_LOG_FORMAT must be text or json, not '{value}'$"
    ):
        load_settings({"CONTRACT_GRAPH_LOG_FORMAT": value})


def test_every_setting_is_in_the_reference() -> None:
    told = settings_reference()
    assert [variable for variable in VARIABLES if f"`{variable}`" not in told] == []
    assert "`CONTRACT_GRAPH_LOG_FORMAT` | lines for people, or JSON for machines | `text` or `json` |" in told


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CONTRACT_GRAPH_HOSTS", "https://graph.example"),
        ("CONTRACT_GRAPH_HOSTS", "graph.example:8000"),
        ("CONTRACT_GRAPH_HOSTS", "*"),
        ("CONTRACT_GRAPH_HOSTS", "graph.example,"),
        ("CONTRACT_GRAPH_ORIGINS", "*"),
        ("CONTRACT_GRAPH_ORIGINS", "null"),
        ("CONTRACT_GRAPH_ORIGINS", "https://portal.example/"),
        ("CONTRACT_GRAPH_ORIGINS", "portal.example"),
    ],
)
def test_what_is_listed_is_read_strictly(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        load_settings({variable: value})
