"""accounts' part of the API."""

from django.urls import URLPattern, URLResolver, path

from accounts.api import auth, departments, jwks, own, roles, users
from project.core.api import Router

router = Router()
router.register("users", users.UserViewSet, "user")
router.register("departments", departments.DepartmentViewSet, "department")
router.register("roles", roles.RoleViewSet, "role")

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/login", auth.LoginView.as_view(), name="auth-login"),
    path("auth/refresh", auth.RefreshView.as_view(), name="auth-refresh"),
    path("auth/logout", auth.LogoutView.as_view(), name="auth-logout"),
    path("auth/me", own.MeView.as_view(), name="auth-me"),
    path("auth/me/avatar", own.MyAvatarView.as_view(), name="auth-avatar"),
    path("auth/password", own.PasswordView.as_view(), name="auth-password"),
    path("auth/sessions", own.MySessionsView.as_view(), name="auth-sessions"),
    path("auth/sessions/revoke-others", own.RevokeOthersView.as_view(), name="auth-sessions-revoke-others"),
    path("auth/sessions/<str:sid>", own.MySessionView.as_view(), name="auth-session"),
    path("auth/ticket", own.TicketView.as_view(), name="auth-ticket"),
    *router.urls,
]

well_known: list[URLPattern | URLResolver] = [path("jwks.json", jwks.jwks, name="jwks")]
