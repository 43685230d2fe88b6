"""One frozen settings object, read once. Prefix ``LOOKALIKE_``; nobody else reads the environment."""

from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from lookalike.domain.errors import InvalidInput


class Settings(BaseSettings):
    """What can be set, with one documented default each; there is no "automatic".

    Every field is an environment variable: ``LOOKALIKE_HOME``, ``LOOKALIKE_KEY``, and so on.
    """

    model_config = SettingsConfigDict(env_prefix="LOOKALIKE_", frozen=True, extra="ignore")

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("lookalike")),
        description="The home folder: database, pictures, model packs.",
    )
    key: SecretStr | None = Field(
        default=None,
        description="The home's key, 64 hexadecimal digits. Goes before key_file and before what `init` wrote down.",
    )
    key_file: Path | None = Field(default=None, description="A file that holds the home's key.")
    database: str | None = Field(
        default=None,
        description="Database address; goes before the one that `init` wrote down. SQLite in the home by default.",
    )
    pack: str | None = Field(
        default=None,
        description="Id of the model pack in use; may be left out while only one is installed.",
    )
    target_fpir: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.01,
        description="False-positive identification rate that the operating point is made for, at the gallery's size.",
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2,
        description="Pictures worked on at once during enrolment; each worker computes on one core.",
    )
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=32, description="Pictures that are committed together, with one audit entry."
    )
    picture_bytes: Annotated[int, Field(ge=1)] = Field(
        default=200_000_000, description="Largest picture file that is opened, in bytes."
    )
    picture_pixels: Annotated[int, Field(ge=1, le=400_000_000)] = Field(
        default=150_000_000, description="Largest picture that is decoded, in pixels."
    )
    picture_seconds: Annotated[float, Field(gt=0)] = Field(
        default=20.0, description="Longest time that decoding one picture may take, in seconds."
    )

    def origins(self) -> dict[str, str]:
        """Say for each setting where its value came from: ``environment`` or ``default``."""
        return {name: "environment" if name in self.model_fields_set else "default" for name in type(self).model_fields}


def read_settings(**given: object) -> Settings:
    """Read the settings from the environment; *given* values go first.

    Raises:
        InvalidInput: A value cannot be used; the message names the variable.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "LOOKALIKE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidInput(
            f"{name} cannot be used: {first['msg']}.", remedy=f"Set {name} to a usable value, or unset it."
        ) from error
