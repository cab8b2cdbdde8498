"""The API's world for all tests here."""

from api_world import api, api_home

__all__ = ["api", "api_home"]
