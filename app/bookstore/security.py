"""What every request must pass and every response carries: hosts, proxies, unstorable text, security headers."""

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from bookstore.config import Settings
from bookstore.errors import BadRequest

# No script runs on any page, and nothing is fetched from another host.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self' https:; style-src 'self'; font-src 'self'; manifest-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TWO_YEARS_SECONDS = 63_072_000


class CookieSessions(SecureCookieSessionInterface):
    """Flask's own, except that a request without the cookie does not pay for checking signatures."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a request."""
        if self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()


def init_app(app: Flask, settings: Settings) -> None:
    """Believe as many proxies as configured, and watch both ends of every request."""
    app.session_interface = CookieSessions()
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    trusted = list(settings.allowed_hosts)

    @app.before_request
    def refuse_unknown_hosts() -> None:
        # A kubelet probes the pod by its address, so health checks are exempt; nothing in them uses the host.
        if request.blueprint != "health" and not host_is_trusted(request.headers.get("Host"), trusted):
            raise BadRequest("This Host is not served here; the operator sets ALLOWED_HOSTS.")

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL cannot store U+0000 in text, so no such path or query can match anything.
        if "\0" in request.path or "%00" in request.environ["QUERY_STRING"]:
            raise BadRequest("The address holds a NUL character.")

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS_SECONDS}; includeSubDomains"
        return response
