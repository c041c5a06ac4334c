"""Beginning to work behind the counter: what whoever is new in the staff does in a browser, once."""

import re
from collections.abc import Mapping

import pyotp
from playwright.sync_api import Page

from tests.databases import bookstore

PASSWORD = "violet otters hum at noon"


def invite(environment: Mapping[str, str], name: str, *, email: str, role: str) -> str:
    """The path of the invitation of somebody new."""
    link = bookstore("staff", "add", name, "--email", email, "--role", role, env=dict(environment)).stdout
    return re.sub(r"^https?://[^/]+", "", link.strip())


def enrol(page: Page, invitation: str) -> str:
    """Choose PASSWORD and show the second factor, up to the overview; gives the second factor's secret."""
    page.goto(invitation)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("main code").inner_text().replace(" ", "")
    page.get_by_label("Code of your authenticator").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="I have kept them").click()
    return secret
