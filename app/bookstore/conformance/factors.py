"""The twelve factors (https://12factor.net), each in a line of our own."""

from enum import Enum


class Factor(Enum):
    """Its number, its name, and what it asks for."""

    CODEBASE = (1, "Codebase", "One tracked codebase makes every deploy; deploys differ in version, never in code.")
    DEPENDENCIES = (2, "Dependencies", "Everything that the code needs is declared and brought along, exactly.")
    CONFIG = (3, "Config", "What differs between deploys comes from outside the code, value by value.")
    BACKING_SERVICES = (4, "Backing services", "A database is an address and a login: swapped without touching code.")
    RELEASE = (5, "Build, release, run", "A build and its settings make a release: numbered, unchanging, reversible.")
    PROCESSES = (6, "Processes", "Processes keep nothing between requests that another one would miss.")
    PORT_BINDING = (7, "Port binding", "The application serves by itself, on a port that it is told.")
    CONCURRENCY = (8, "Concurrency", "More load is met by more of the same processes.")
    DISPOSABILITY = (9, "Disposability", "Processes start fast and, told to stop, finish what they do.")
    PARITY = (10, "Dev/prod parity", "Development runs on the same things as production, only smaller.")
    LOGS = (11, "Logs", "A process writes events to its output; where they go is not its affair.")
    ADMIN = (12, "Admin processes", "Maintenance runs the release's own code with the release's own settings.")

    def __init__(self, number: int, title: str, asks: str) -> None:
        self.number = number
        self.title = title
        self.asks = asks
