"""The only way to data: who may see which rows, and what may be said about groups."""

from privacy.session import (
    Door,
    NotAllowed,
    close_door,
    door,
    is_open,
    open_door,
    session,
    signin_session,
    together,
)
from privacy.viewer import ROLES, Role, Viewer

__all__ = [
    "ROLES",
    "Door",
    "NotAllowed",
    "Role",
    "Viewer",
    "close_door",
    "door",
    "is_open",
    "open_door",
    "session",
    "signin_session",
    "together",
]
