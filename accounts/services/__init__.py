"""Every way people, departments and roles change: the API, the back office, sheets and commands all call these.

`by` is who acts. None is the operator at the shell or the product itself: then nobody's rank is asked.
"""

from accounts.services.addresses import (
    create_address_rule,
    delete_address_rule,
    switch_off_address_rules,
    update_address_rule,
)
from accounts.services.bulk import change_many
from accounts.services.departments import create_department, delete_department, move_department, update_department
from accounts.services.impersonation import impersonate, stop_impersonating
from accounts.services.installation import ensure_first_administrator
from accounts.services.keys import generate_key, keep_rotating, prepare_key, promote_key, retire_key, rotate_keys
from accounts.services.leaving import anonymise_user, leave
from accounts.services.lockouts import unlock_address, unlock_name, unlock_user
from accounts.services.machines import NewToken, create_api_token, revoke_api_token
from accounts.services.passwords import choose_password, invite, set_password
from accounts.services.people import (
    activate_user,
    create_user,
    deactivate_user,
    delete_user,
    end_sessions,
    set_avatar,
    set_roles,
    update_own_profile,
    update_user,
)
from accounts.services.phones import bind_phone, unbind_phone
from accounts.services.roles import create_role, delete_role, update_role
from accounts.services.second_factor import remove_second_factor
from accounts.services.sessions import (
    end_chosen_sessions,
    end_everybodys_sessions,
    end_session,
    end_sessions_of_departments,
    people_of,
)

__all__ = [
    "NewToken",
    "activate_user",
    "anonymise_user",
    "bind_phone",
    "change_many",
    "choose_password",
    "create_address_rule",
    "create_api_token",
    "create_department",
    "create_role",
    "create_user",
    "deactivate_user",
    "delete_address_rule",
    "delete_department",
    "delete_role",
    "delete_user",
    "end_chosen_sessions",
    "end_everybodys_sessions",
    "end_session",
    "end_sessions",
    "end_sessions_of_departments",
    "ensure_first_administrator",
    "generate_key",
    "impersonate",
    "invite",
    "keep_rotating",
    "leave",
    "move_department",
    "people_of",
    "prepare_key",
    "promote_key",
    "remove_second_factor",
    "retire_key",
    "revoke_api_token",
    "rotate_keys",
    "set_avatar",
    "set_password",
    "set_roles",
    "stop_impersonating",
    "switch_off_address_rules",
    "unbind_phone",
    "unlock_address",
    "unlock_name",
    "unlock_user",
    "update_address_rule",
    "update_department",
    "update_own_profile",
    "update_role",
    "update_user",
]
