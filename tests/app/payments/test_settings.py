"""The settings of payments, and a shop without them."""

from typing import Any

import pytest

from bookstore.app import create_app
from bookstore.config import Settings, Surface
from bookstore.errors import ServiceUnavailable
from bookstore.payments import provider
from tests.app.payments.market import API_KEY, SECRET
from tests.databases import SECRET_KEY, bookstore

COMPLETE = {
    "PAYMENT_PROVIDER": "sandbox",
    "PAYMENT_URL": "https://api.pay.example/shop",
    "PAYMENT_API_KEY": API_KEY,
    "PAYMENT_WEBHOOK_SECRET": SECRET,
}


def refused(**changes: str) -> str:
    done = bookstore("config", env={"SECRET_KEY": SECRET_KEY} | COMPLETE | changes, check=False)
    assert done.returncode == 1
    return done.stderr


def made(settings: Settings, **changes: Any) -> Settings:
    complete = {name.lower(): value for name, value in COMPLETE.items()}
    return Settings(**settings.model_dump(exclude_unset=True) | complete | changes)


def without_provider(settings: Settings) -> Settings:
    kept = {name: value for name, value in settings.model_dump(exclude_unset=True).items() if "payment" not in name}
    return Settings(**kept)


class TestChecks:
    def test_names_every_setting_that_a_provider_lacks(self) -> None:
        assert "sandbox needs PAYMENT_URL and PAYMENT_API_KEY" in refused(PAYMENT_URL="", PAYMENT_API_KEY="")

    @pytest.mark.parametrize("secret", ["whsec_", "short", "whsec_c2hvcnQ=", f"{SECRET},?", "a" * 100])
    def test_says_how_to_make_a_webhook_secret(self, secret: str) -> None:
        answer = refused(PAYMENT_WEBHOOK_SECRET=secret)
        assert "PAYMENT_WEBHOOK_SECRET: must be base64 of 24 to 64 bytes; make one with: openssl rand" in answer
        assert secret not in answer.replace("whsec_", "") or secret == "whsec_"

    @pytest.mark.parametrize("name", ["PAYMENT_URL", "PAYMENT_PAGE_ORIGIN"])
    @pytest.mark.parametrize("address", ["pay.example", "https://pay.example; script-src *", "javascript://x"])
    def test_address_must_be_one(self, name: str, address: str) -> None:
        assert name in refused(**{name: address})

    def test_secrets_are_masked(self) -> None:
        shown = bookstore("config", env={"SECRET_KEY": SECRET_KEY} | COMPLETE).stdout
        assert API_KEY not in shown
        assert SECRET not in shown


class TestFormAction:
    """Browsers refuse a form's redirect to a place that form-action does not name (CSP 3)."""

    def test_names_the_providers_page_and_nothing_else(self, settings: Settings) -> None:
        assert form_action(made(settings)) == "form-action 'self' https://api.pay.example"
        elsewhere = made(settings, payment_page_origin="https://checkout.pay.example")
        assert form_action(elsewhere) == "form-action 'self' https://checkout.pay.example"

    def test_is_the_shop_alone_without_a_provider(self, settings: Settings) -> None:
        assert form_action(without_provider(settings)) == "form-action 'self'"


class TestSurfaces:
    @pytest.mark.parametrize(("surface", "status"), [("all", 401), ("api", 401), ("storefront", 404)])
    def test_webhooks_go_to_the_api(self, settings: Settings, surface: str, status: int) -> None:
        app = create_app(made(settings, bookstore_surface=Surface(surface)))
        assert app.test_client().post("/api/v1/payment-webhooks").status_code == status


class TestWithoutProvider:
    def test_says_what_is_missing(self, settings: Settings) -> None:
        app = create_app(without_provider(settings))
        assert app.test_client().post("/api/v1/payment-webhooks").status_code == 404
        with app.app_context():
            assert not provider.is_set_up()
            with pytest.raises(ServiceUnavailable, match="its operator sets PAYMENT_PROVIDER"):
                provider.current()


def form_action(settings: Settings) -> str:
    response = create_app(settings).test_client().get("/livez")
    policy = response.headers["Content-Security-Policy"]
    return next(part for part in policy.split("; ") if part.startswith("form-action"))
