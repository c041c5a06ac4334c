"""Whether an object is what its API takes: Kubernetes' own kinds, and those of tests/deploy/schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import kubernetes_validate
import yaml

from tests.chart.rendering import KUBERNETES, Loader, Object

SCHEMAS = Path(__file__).parent / "schemas"


def load(path: Path) -> list[Object]:
    """The objects of a file."""
    return [each for each in yaml.load_all(path.read_text(), Loader=Loader) if each]


@cache
def _validator(path: Path) -> Any:
    return jsonschema_rs.validator_for(json.loads(path.read_text()))


def check(each: Any) -> None:
    """Raise with the place and the reason where it is not."""
    schema = SCHEMAS / f"{each['kind']}.json"
    if schema.exists():
        _validator(schema).validate(each)
    else:
        kubernetes_validate.validate(each, KUBERNETES.rpartition(".")[0], strict=True)
