"""Where content and state live, read once from ``SUBSIDY_*`` variables of the environment."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]


class Settings(BaseSettings):
    """All that a deployment sets.

    ``policies`` is the content folder, ``home`` holds snapshots, runs, published sets and the embedded database.
    """

    model_config = SettingsConfigDict(env_prefix="SUBSIDY_", frozen=True, extra="ignore")

    policies: Path = Path("policies")
    home: Path = Path("var")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; unset means SQLite under home")
    person_key: SecretStr = Field(
        default=SecretStr(""), description="key of the HMAC that stands in for person numbers; made under home if unset"
    )
    clock_tolerance: int = Field(
        default=3, ge=0, le=60, description="seconds by which a request may lie before the last step of a claim"
    )

    outbox: str = Field(default="", description="where messages go: a folder, or an http(s) address; unset: nowhere")
    outbox_secret: SecretStr = Field(default=SecretStr(""), description="signs what is posted to an address")
    outbox_pauses: tuple[int, ...] = Field(
        default=(60, 300, 1800, 7200, 21_600, 43_200, 86_400),
        description="seconds to wait after each failure, as JSON; a message is given up after one more",
    )

    qa_percent: int = Field(
        default=0, ge=0, le=100, description="of a hundred claims, how many are drawn for re-examination"
    )
    qa_percents: dict[str, int] = Field(default_factory=dict, description="the same by policy id, as JSON")
    qa_seed: str = Field(default="", description="decides which ones; keep it from those who file")

    @cached_property
    def snapshots(self) -> Path:
        """Folder of published profile snapshots and landed files."""
        return self.home / "profiles"

    @cached_property
    def runs(self) -> Path:
        """Folder of match runs."""
        return self.home / "runs"

    @cached_property
    def published(self) -> Path:
        """Folder of published policy sets, one folder a content hash."""
        return self.home / "published"

    @cached_property
    def account_key(self) -> Path:
        """File of the key under which bank accounts are sealed."""
        return self.home / "account.key"

    @property
    def has_person_key(self) -> bool:
        """Whether the key of person numbers is at hand: one is configured, or lies under home."""
        return bool(self.person_key.get_secret_value()) or (self.home / "person.key").exists()

    @cached_property
    def treasury(self) -> Path:
        """Folder of the files that go to the treasury."""
        return self.home / "treasury"

    @cached_property
    def documents(self) -> Path:
        """Folder of the documents that firms hand in, each named by its hash."""
        return self.home / "documents"

    @cached_property
    def url(self) -> str:
        """URL of the transactional store."""
        return self.database_url or f"sqlite:///{(self.home / 'subsidy.sqlite3').absolute()}"
