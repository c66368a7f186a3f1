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
│   ├── ChallengeOver                         begin again with the password
│   └── LinkOver                              a link to choose a password that is good no more
├── Locked                      20007   429   too many failures; `retry_after` seconds
├── TooManyAtOnce               10007   429   more sign-ins at this moment than the machine can check
├── Conflict                    10005   409
│   ├── LastAdministrator               nobody could administer any more
│   ├── LocksYouOut                     this address rule would keep out who saves it
│   ├── StillInUse                      something hangs on it
│   ├── NotYourself                     leaving is what others do with one
│   ├── StillActive                     only who has left is forgotten
│   ├── AlreadyAnonymised               nobody knows any more who that was
│   ├── TreeHasChanged                  somebody moved departments meanwhile
│   ├── KeyInUse                        this key signs at present
│   ├── KeysInFiles                     signing keys are files: only an operator changes them
│   ├── RotatedMeanwhile                another key signs already
│   ├── TooManyDevices                  as many sign-ins as allowed; carries `sessions`
│   ├── HasSecondFactor                 one is enough
│   ├── NotThisPerson                   nobody acts as this person, or not from here
│   ├── ActsAlready                     one person at a time
│   ├── NoSecondFactor                  nothing to remove
│   ├── NoVerifiedPhone                 no number that a code has shown to be theirs
│   └── CannotBeInvited                 no way to them, or no active account
├── NotFound                    10008   404
│   └── NoSuchKey                       no signing key of this id that could be retired
├── NoPermission                10009   403
│   ├── AddressRefused                  an address rule keeps this address out
│   ├── NotByPhone                      nobody signs in by text message here
│   ├── NotForMachines                  an API token does not do what only people may
│   ├── NotWhileActing                  whoever acts as somebody else does not do what only they may
│   │   ├── OnlyReading                 they look, and change nothing
│   │   └── ActsNoMore                  they are themselves again
│   └── NotAbove                        the person's rank is not below one's own
├── NotConfirmed                20008   403   show once more who you are; carries `confirm_url`
├── CaptchaRequired             20009   403   do some work first; carries the `captcha` to solve
│   └── CaptchaRefused                        that was no solution, or one used before; carries a new one
├── PasswordDue                 20010   403   choose a new password first; carries `change_url`
└── KeyProblem                  10001   500   signing keys are missing or unusable; says what to do
"""

from django.utils.translation import gettext_lazy as _

from project.core.errors import POPUP, Conflict, GatehouseError, NoPermission, NotFound, TooManyRequests
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


class ChallengeOver(WrongCode):
    message = _("This sign-in took too long, or had too many tries. Begin again with your password.")


class LinkOver(WrongCode):
    message = _("This link is wrong, used or expired. Ask for a new one.")


class NotConfirmed(GatehouseError):
    code, status = "20008", 403
    message = _("Show once more that it is you: with your password or a code.")

    def __init__(self) -> None:
        super().__init__(extra={"confirm_url": "/api/v1/auth/confirm"})


class PasswordDue(GatehouseError):
    code, status = "20010", 403
    message = _("You must choose a new password before anything else.")

    def __init__(self) -> None:
        super().__init__(extra={"change_url": "/api/v1/auth/password"})


class Locked(TooManyRequests):
    code, status = "20007", 429
    message = _("Locked after too many failures. Try again in {retry_after} seconds.")


class TooManyAtOnce(TooManyRequests):
    message = _("Too many people are signing in at this moment. Try again in {retry_after} seconds.")


class CaptchaRequired(GatehouseError):
    code, status = "20009", 403
    message = _("One more check is needed: solve the captcha that came with this answer, and send its solution along.")


class CaptchaRefused(CaptchaRequired):
    message = _("The captcha was not solved, is too old, or was used before. Here is a new one.")


class LastAdministrator(Conflict):
    message = _("This is the last active administrator: nobody could administer any more.")


class StillInUse(Conflict):
    message = _("“{name}” cannot be deleted: {count} things still belong to it.")


class NotYourself(Conflict):
    message = _("You cannot do this to yourself. Ask somebody else.")


class StillActive(Conflict):
    message = _("This person is active. Let them leave first.")


class AlreadyAnonymised(Conflict):
    message = _("This person was anonymised: who they were is not known any more, and cannot come back.")


class TreeHasChanged(Conflict):
    message = _("The departments have changed meanwhile. Look at them anew and move it again.")


class TooManyDevices(Conflict):
    message = _(
        "You are signed in with as many devices of this kind as allowed ({limit}): {devices}. Sign out on one of them, or "
        "sign in again and say which of them to sign out."
    )


class HasSecondFactor(Conflict):
    message = _("There is a second factor already. Remove it before you set up another.")


class NoSecondFactor(Conflict):
    message = _("There is no second factor.")


class NoVerifiedPhone(Conflict):
    message = _("There is no phone number of yours that a code has shown to be yours. Bind one first.")


class CannotBeInvited(Conflict):
    message = _(
        "{name} cannot be sent a link: they have no mail address, nor a phone that can be written to, or are not active."
    )


class LocksYouOut(Conflict):
    message = _(
        "This would lock you out: {address} could not reach {places} any more. Confirm that you know, or change the rule."
    )


class KeyInUse(Conflict):
    message = _("The key {kid} signs at present. Rotate first; then it retires by itself.")


class KeysInFiles(Conflict):
    message = _("The signing keys are files in {folder}: an operator changes them, with manage.py jwt_keys.")


class RotatedMeanwhile(Conflict):
    message = _("Somebody else has rotated the keys in the meantime. Look again before you go on.")


class NoSuchKey(NotFound):
    message = _("There is no signing key {kid} that could be retired.")


class AddressRefused(NoPermission):
    page = "address"
    message = _("Your address {address} is not allowed here. Ask an administrator if you think it should be.")


class NotByPhone(NoPermission):
    message = _("Signing in by text message is switched off here.")


class NotForMachines(NoPermission):
    message = _("An API token cannot do this: it is for people who are signed in.")


class NotWhileActing(NoPermission):
    message = _("You act as somebody else: this is for themselves only. Stop acting first.")


class OnlyReading(NotWhileActing):
    message = _("You act as {name} and may only read: nothing was changed.")


class ActsNoMore(NotWhileActing):
    message = _("You do not act as {name} any more: {why} You are yourself again; nothing was done.")


class NotThisPerson(Conflict):
    message = _("Nobody can act as themselves.")


class ActsAlready(Conflict):
    message = _("You act as somebody already.")


class NotAbove(NoPermission):
    message = _("You may only do this to people and roles below your own rank.")


class KeyProblem(GatehouseError):
    message = _("The signing keys cannot be used.")


NOT_YOUR_PHONE = _("This is not your own number: leave it out.")
PICTURE_MISSING = _("Send the picture as the file “avatar”.")
