"""`bookstore conformance`: the twelve factors (https://12factor.net) as statements about an install that runs.

`generic/` holds what can be said of any application on Kubernetes whose objects bear the recommended labels
(`app.kubernetes.io/instance`, `/name`, `/component`, `/version`); `shop/` what only Bookstore can say of itself.
docs/twelve-factor.md is made from both.
"""
