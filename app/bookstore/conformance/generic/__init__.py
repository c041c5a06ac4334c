"""What can be said of any application: one file for the factors that are decided at the same time.

To ask about another application: `bookstore conformance --generic --component web --namespace NS --release NAME`.
"""

from bookstore.conformance.generic import building, configuring, operating, running

STATEMENTS = [
    *building.statements,
    *configuring.statements,
    *running.statements,
    *operating.statements,
]
