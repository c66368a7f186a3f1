"""Security headers that depend on the page.

Everywhere: scripts, fonts and connections from our own origin only. The admin's pages, the console and the realtime
reference stand in unfold's frame: Alpine.js, which drives it, evaluates the expressions in its templates, so there
(and only there) `script-src` carries `unsafe-eval`. Inline scripts are refused everywhere. Inline styles are allowed:
unfold, Swagger UI and charts set them. The worker that solves captchas computes in WebAssembly, and has a policy of
its own: the one it is served with.
"""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

UNFOLDS_PAGES = ("/admin/", "/console/", "/api/realtime/")
CAPTCHA_WORKER = "gatehouse/altcha/"


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Send the policy of CONTENT_SECURITY_POLICY, widened for the admin's pages."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the parts of the policy for `request`."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(UNFOLDS_PAGES) and not report_only:
            parts.update = {"script-src": ["'unsafe-eval'"]} | (parts.update or {})
        if request.path_info.startswith(f"{settings.STATIC_URL}{CAPTCHA_WORKER}") and not report_only:
            parts.update = {"script-src": ["'wasm-unsafe-eval'"]} | (parts.update or {})
        return parts
