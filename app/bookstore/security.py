"""What every request must pass and every response carries: hosts, proxies, unstorable text, security headers."""

from urllib.parse import urlsplit

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.wrappers import Response as BaseResponse

from bookstore.config import Settings
from bookstore.errors import BadRequest, Forbidden
from bookstore.i18n.messages import gettext

# No script runs on any page, and nothing is fetched from another host. Browsers hold a form's redirects to form-action
# too, so that where buyers pay is named there.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self' https:; style-src 'self'; font-src 'self'; manifest-src 'self'; "
    "connect-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TWO_YEARS_SECONDS = 63_072_000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


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
    headers = response_headers(settings)
    trusted = list(settings.allowed_hosts)

    @app.before_request
    def refuse_unknown_hosts() -> None:
        # A kubelet probes the pod by its address, so health checks are exempt; nothing in them uses the host.
        if request.blueprint != "health" and not host_is_trusted(request.headers.get("Host"), trusted):
            raise BadRequest(gettext("This Host is not served here; the operator sets ALLOWED_HOSTS."))

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL cannot store U+0000 in text, so no such path or query can match anything.
        if "\0" in request.path or "%00" in request.environ["QUERY_STRING"]:
            raise BadRequest(gettext("The address holds a NUL character."))

    @app.before_request
    def refuse_other_sites() -> None:
        # The API knows its callers by what they send on purpose, never by a cookie that a browser adds.
        if request.method not in SAFE_METHODS and not request.path.startswith("/api/") and _is_from_another_site():
            raise Forbidden(gettext("This form was sent from another site. Open the page here, and send it again."))

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(headers)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS_SECONDS}; includeSubDomains"
        return response


def response_headers(settings: Settings) -> dict[str, str]:
    """What every response carries."""
    forms = " ".join(filter(None, ("'self'", settings.payment_pages)))
    return {**HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY.format(forms=forms)}


def _is_from_another_site() -> bool:
    """Whether a browser says that another site's page made it send this (https://www.w3.org/TR/fetch-metadata/).

    Every browser since 2023 says so in Sec-Fetch-Site, which no page can forge; older ones send Origin. What sends
    neither is no browser, and so carries nobody's cookies but its own.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def set_cookie(response: BaseResponse, name: str, value: str, max_age_seconds: int) -> None:
    """Set a cookie that no script reads and no other site sends; over TLS, bound to this very host (RFC 6265bis)."""
    response.set_cookie(
        _cookie_name(name),
        value,
        max_age=max_age_seconds,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def get_cookie(name: str) -> str | None:
    """What set_cookie has set, as the browser gives it back."""
    return request.cookies.get(_cookie_name(name))


def delete_cookie(response: BaseResponse, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(_cookie_name(name), secure=request.is_secure, httponly=True, samesite="Lax")


def _cookie_name(name: str) -> str:
    return f"__Host-{name}" if request.is_secure else name
