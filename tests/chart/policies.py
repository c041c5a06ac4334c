"""What NetworkPolicies let through: checks that take a render and its values."""

from tests.chart.rendering import Object, Render, Values, containers, identity, selects

STRANGER: Object = {"metadata": {"labels": {"app": "stranger"}}}


def every_policy_covers_every_pod(render: Render, values: Values) -> None:
    policies = [each["spec"] for each in render.all("NetworkPolicy")]
    if not any(each["metadata"]["name"].endswith(("-api", "-all")) for each in render.all("NetworkPolicy")):
        return
    for owner, template in render.pods():
        types = {
            kind
            for one in policies
            if selects(one["podSelector"]["matchLabels"], template)
            for kind in one["policyTypes"]
        }
        assert types == {"Ingress", "Egress"}, identity(owner)


def permits(policies: list[Object], direction: str, pod: Object, peer: Object, port: Object) -> bool:
    """Whether the policies of a pod let it reach a peer's port ("Egress"), or be reached on its own ("Ingress")."""
    own = [
        one["spec"]
        for one in policies
        if direction in one["spec"]["policyTypes"] and selects(one["spec"]["podSelector"]["matchLabels"], pod)
    ]
    word = {"Egress": "to", "Ingress": "from"}[direction]
    rules = [rule for one in own for rule in one.get(direction.lower(), [])]
    return not own or any(
        (word not in rule or any(_is_peer(one, peer) for one in rule[word]))
        and ("ports" not in rule or any(one["port"] in port.values() for one in rule["ports"]))
        for rule in rules
    )


def _is_peer(found: Object, pod: Object) -> bool:
    return set(found) == {"podSelector"} and selects(found["podSelector"]["matchLabels"], pod)


def the_database_and_its_clients_may_meet(render: Render, values: Values) -> None:
    """Both ends of each connection allow it: the subchart has a policy of its own, which opens for a label."""
    policies = render.all("NetworkPolicy")
    settings = {each["metadata"]["name"]: each.get("data", {}) for each in render.all("ConfigMap")}
    for database in render.all("StatefulSet"):
        server = database["spec"]["template"]
        (port,) = containers(server)[0]["ports"]
        clients = [
            (owner, template)
            for owner, template in render.pods()
            for source in template["spec"]["containers"][0].get("envFrom", [])
            if settings[source["configMapRef"]["name"]].get("DATABASE_HOST") == database["metadata"]["name"]
        ]
        assert {owner["kind"] for owner, _ in clients} >= {"Deployment", "CronJob"}
        for owner, template in clients:
            assert permits(policies, "Egress", template, server, port), identity(owner)
            assert permits(policies, "Ingress", server, template, port), identity(owner)
        isolated = any(selects(one["spec"]["podSelector"]["matchLabels"], server) for one in policies)
        assert permits(policies, "Ingress", server, STRANGER, port) is not isolated


def the_cache_and_its_clients_may_meet(render: Render, values: Values) -> None:
    """Whoever is told where this release's cache is may reach it, and nobody else."""
    policies = render.all("NetworkPolicy")
    settings = {each["metadata"]["name"]: each.get("data", {}) for each in render.all("ConfigMap")}
    for server in [each for each in render.all("Deployment") if each["metadata"]["name"].endswith("-cache")]:
        template = server["spec"]["template"]
        (port,) = containers(template)[0]["ports"]
        for owner, pod in render.pods():
            sources = pod["spec"]["containers"][0].get("envFrom", [])
            hosts = [settings[source["configMapRef"]["name"]].get("CACHE_HOST", "") for source in sources]
            if any(host.startswith(f"{server['metadata']['name']}.") for host in hosts):
                assert permits(policies, "Egress", pod, template, port), identity(owner)
                assert permits(policies, "Ingress", template, pod, port), identity(owner)
        isolated = any(selects(one["spec"]["podSelector"]["matchLabels"], template) for one in policies)
        assert permits(policies, "Ingress", template, STRANGER, port) is not isolated
