"""accounts' part of the API."""

from django.urls import URLPattern, URLResolver, path, re_path

from accounts.api import (
    addresses,
    auth,
    captcha,
    departments,
    impersonation,
    jwks,
    keys,
    lockouts,
    machines,
    own,
    passwords,
    rights,
    roles,
    second_factor,
    sessions,
    sign_ins,
    sms,
    users,
)
from project.core.api import Router, forgiving

router = Router()
router.register("users", users.UserViewSet, "user")
router.register("sessions", sessions.SessionViewSet, "session")
router.register("sign-ins", sign_ins.SignInViewSet, "sign-in")
router.register("departments", departments.DepartmentViewSet, "department")
router.register("roles", roles.RoleViewSet, "role")
router.register("address-rules", addresses.AddressRuleViewSet, "address-rule")
router.register("keys", keys.SigningKeyViewSet, "key")
router.register("tokens", machines.ApiTokenViewSet, "token")

urlpatterns: list[URLPattern | URLResolver] = forgiving(
    [
        path("auth/login", auth.LoginView.as_view(), name="auth-login"),
        path("auth/login/sms", sms.SmsLoginView.as_view(), name="auth-login-sms"),
        path("auth/sms-code", sms.SmsCodeView.as_view(), name="auth-sms-code"),
        path("auth/phone", sms.PhoneView.as_view(), name="auth-phone"),
        path("auth/captcha", captcha.CaptchaView.as_view(), name="auth-captcha"),
        path("auth/second-factor", second_factor.SecondFactorView.as_view(), name="auth-second-factor"),
        path("auth/confirm", second_factor.ConfirmView.as_view(), name="auth-confirm"),
        path("auth/totp", second_factor.TotpView.as_view(), name="auth-totp"),
        path("auth/totp/recovery-codes", second_factor.RecoveryCodesView.as_view(), name="auth-totp-recovery-codes"),
        path("auth/refresh", auth.RefreshView.as_view(), name="auth-refresh"),
        path("auth/logout", auth.LogoutView.as_view(), name="auth-logout"),
        path("auth/me", own.MeView.as_view(), name="auth-me"),
        path("auth/me/avatar", own.MyAvatarView.as_view(), name="auth-avatar"),
        path("auth/password", own.PasswordView.as_view(), name="auth-password"),
        path("auth/password-reset", passwords.ForgottenView.as_view(), name="auth-password-reset"),
        path("auth/password-reset/confirm", passwords.ChosenView.as_view(), name="auth-password-reset-confirm"),
        path("auth/sessions", own.MySessionsView.as_view(), name="auth-sessions"),
        path("auth/sessions/revoke-others", own.RevokeOthersView.as_view(), name="auth-sessions-revoke-others"),
        path("auth/sessions/<str:sid>", own.MySessionView.as_view(), name="auth-session"),
        path("auth/tokens", machines.MyTokensView.as_view(), name="auth-tokens"),
        path("auth/tokens/<str:key_id>", machines.MyTokenView.as_view(), name="auth-token"),
        path("lockouts/", lockouts.LockoutsView.as_view(), name="lockouts"),
        path("lockouts/unlock", lockouts.UnlockView.as_view(), name="lockouts-unlock"),
        path("auth/sign-ins", sign_ins.MySignInsView.as_view(), name="auth-sign-ins"),
        path("auth/impersonation", impersonation.ImpersonationView.as_view(), name="auth-impersonation"),
        path("auth/ticket", own.TicketView.as_view(), name="auth-ticket"),
        re_path(rf"^users/(?P<pk>{users.ID})/password/?$", passwords.SetView.as_view(), name="user-set-password"),
        re_path(rf"^users/(?P<pk>{users.ID})/invite/?$", passwords.InviteView.as_view(), name="user-invite"),
        re_path(rf"^users/(?P<pk>{users.ID})/permissions/?$", rights.RightsView.as_view(), name="user-permissions"),
        re_path(rf"^users/(?P<pk>{users.ID})/may/?$", rights.MayView.as_view(), name="user-may"),
        *router.urls,
    ]
)

well_known: list[URLPattern | URLResolver] = [path("jwks.json", jwks.jwks, name="jwks")]
