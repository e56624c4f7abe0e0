# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The third-party libraries of the model, imported so that their absence is a message and not a traceback.

Type checkers see the real names; at run time without pydantic the stand-ins let the modules load, `MISSING` says why
nothing may be validated with them, and the loader refuses the site with that one message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

MISSING: ImportError | None = None

if TYPE_CHECKING:
    from pydantic import (
        AfterValidator,
        BaseModel,
        BeforeValidator,
        ConfigDict,
        Field,
        ValidationError,
        model_validator,
    )
else:
    try:
        from pydantic import (
            AfterValidator,
            BaseModel,
            BeforeValidator,
            ConfigDict,
            Field,
            ValidationError,
            model_validator,
        )
    except ImportError as error:
        MISSING = error

        class BaseModel:
            """Stand-in: the models are defined, and filled with their own defaults only."""

            def __init__(self, **values: Any) -> None:
                """Take the values of a default."""

        class ValidationError(ValueError):
            """Stand-in: never raised."""

        def ConfigDict(**settings: Any) -> dict[str, Any]:  # noqa: N802  # has the name that it stands in for
            """Stand-in: keep the settings."""
            return settings

        def Field(*args: Any, **settings: Any) -> Any:  # noqa: N802  # has the name that it stands in for
            """Stand-in: a field without constraints."""
            return settings.get("default")

        def _unchecked(function: Any) -> Any:
            return function

        AfterValidator = BeforeValidator = _unchecked

        def model_validator(**settings: Any) -> Any:
            """Stand-in: leave the method alone."""
            return _unchecked


__all__ = [
    "MISSING",
    "AfterValidator",
    "BaseModel",
    "BeforeValidator",
    "ConfigDict",
    "Field",
    "ValidationError",
    "model_validator",
]
