"""What can go wrong with signing in and staying signed in.

GatehouseError
├── NotSignedIn                 20002   401   the core's: no, bad or expired access token, session over
├── SignInError                         401
│   ├── BadCredentials          20000   unknown user, wrong password, disabled account: all the same
│   ├── Displaced               20001   a newer sign-in of the same person
│   ├── RefreshRefused          20003   this refresh token is not accepted
│   ├── TokenReused             20004   a used refresh token came back: the session is over
│   └── SecondFactorRequired    20005   carries `challenge`
├── WrongCode                   20006   400
├── Locked                      20007   429   too many failures; `retry_after` seconds
├── Conflict                    10005   409
│   ├── LastAdministrator               nobody could administer any more
│   └── StillInUse                      something hangs on it
├── NoPermission                10009   403
│   └── NotAbove                        the person's rank is not below one's own
└── KeyProblem                  10001   500   signing keys are missing or unusable; says what to do
"""

from django.utils.translation import gettext_lazy as _

from project.core.errors import POPUP, Conflict, GatehouseError, NoPermission, TooManyRequests
from project.core.errors import NotSignedIn as NotSignedIn


class SignInError(GatehouseError):
    status = 401


class BadCredentials(SignInError):
    code = "20000"
    message = _("The user name or the password is not right.")  # 用户名或密码不正确


class Displaced(SignInError):
    code, level = "20001", POPUP
    message = _("Your account was signed in on another device.")  # 账号已在其他设备登录
    popup_title = _("Signed in elsewhere")
    popup_content = _("Your account was signed in on another device. If that was not you, change your password.")


class RefreshRefused(SignInError):
    code = "20003"
    message = _("The sign-in could not be refreshed. Please sign in again.")  # 刷新令牌失败，请重新登录


class TokenReused(SignInError):
    code, level = "20004", POPUP
    message = _("A refresh token was used twice, so the session was ended for safety. Please sign in again.")
    popup_title = _("Session ended")
    popup_content = message


class SecondFactorRequired(SignInError):
    code = "20005"
    message = _("A second factor is required.")


class WrongCode(GatehouseError):
    code, status = "20006", 400
    message = _("The code is wrong, used or expired.")


class Locked(TooManyRequests):
    code, status = "20007", 429
    message = _("Locked after too many failures. Try again in {retry_after} seconds.")


class LastAdministrator(Conflict):
    message = _("This is the last active administrator: nobody could administer any more.")


class StillInUse(Conflict):
    message = _("“{name}” cannot be deleted: {count} things still belong to it.")


class NotAbove(NoPermission):
    message = _("You may only do this to people and roles below your own rank.")


class KeyProblem(GatehouseError):
    message = _("The signing keys cannot be used.")


PICTURE_MISSING = _("Send the picture as the file “avatar”.")
