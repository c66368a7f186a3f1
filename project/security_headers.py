"""Security headers that depend on the page.

Everywhere: scripts, fonts and connections from our own origin only. The admin's pages and the console stand in unfold's
frame: Alpine.js, which drives it, evaluates the expressions in its templates, so there (and only there) `script-src`
carries `unsafe-eval`. Inline scripts are refused everywhere. Inline styles are allowed: unfold, Swagger UI and charts
set them.
"""

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

UNFOLDS_PAGES = ("/admin/", "/console/")


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Send the policy of CONTENT_SECURITY_POLICY, widened for the admin's pages."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the parts of the policy for `request`."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(UNFOLDS_PAGES) and not report_only:
            parts.update = {"script-src": ["'unsafe-eval'"]} | (parts.update or {})
        return parts
