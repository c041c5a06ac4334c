"""The OpenAPI document: valid, complete, and true of what is served."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from bookstore.openapi import all_errors
from bookstore.web import Api

# What anyone may change who knows the id of a cart or the token of an order.
OF_BUYERS = {"create_cart", "put_line", "delete_line", "quote", "create_order", "start_payment"}


class TestDocument:
    def test_is_valid_openapi_3_1(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1")
        assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []

    def test_has_every_registered_operation_and_no_other(self, app: Flask, document: dict[str, Any]) -> None:
        registered = {
            (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
            for rule in app.url_map.iter_rules()
            if isinstance(app.blueprints.get(rule.endpoint.partition(".")[0]), Api)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        described = {(path, method) for path, item in document["paths"].items() for method in item}
        assert described == registered
        assert all(path.startswith("/api/v1/") for path, _ in described)

    def test_describes_every_operation_and_parameter(self, document: dict[str, Any]) -> None:
        seen = set()
        for path, method, operation in operations(document):
            assert operation["summary"], (path, method)
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            for parameter in operation.get("parameters", []):
                assert "schema" in parameter
                assert parameter["required"] is (parameter["in"] == "path" or parameter["name"] == "Idempotency-Key")

    def test_every_error_is_a_problem(self, document: dict[str, Any]) -> None:
        for path, method, operation in operations(document):
            for status, response in operation["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)

    def test_every_change_needs_the_token_and_its_errors(self, document: dict[str, Any]) -> None:
        for path, method, operation in operations(document):
            if method != "get" and operation["operationId"] not in OF_BUYERS:
                assert operation["security"] == [{"token": []}], (path, method)
                assert {"401", "403"} <= operation["responses"].keys()
            if method in ("put", "patch", "delete") and operation["operationId"] not in OF_BUYERS:
                assert {"404", "412", "428"} <= operation["responses"].keys()

    def test_is_cacheable_json(self, client: FlaskClient) -> None:
        response = client.get("/api/openapi.json")
        assert response.mimetype == "application/json"
        assert response.headers["Cache-Control"] == "public, max-age=3600"


class TestDocs:
    def test_have_an_anchor_for_every_problem(self, client: FlaskClient) -> None:
        page = client.get("/api/docs").text
        for kind in all_errors():
            path, _, anchor = kind.type_uri().partition("#")
            assert path == "/api/docs"
            assert f'id="{anchor}"' in page

    def test_name_every_operation(self, client: FlaskClient, document: dict[str, Any]) -> None:
        page = client.get("/api/docs").text
        for path, _, _ in operations(document):
            assert path in page.replace("<wbr>", "")

    def test_show_how_a_file_is_sent(self, client: FlaskClient) -> None:
        example = (
            client.get("/api/docs").text.partition('id="upload_import"')[2].partition("<pre>")[2].partition("</pre>")[0]
        )
        assert "Content-Type: text/csv" in example
        assert "--data-binary @catalogue.csv" in example


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found = client.get("/api/openapi.json").json
    assert found
    return dict(found)
